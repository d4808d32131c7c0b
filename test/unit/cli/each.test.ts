/** Verbs on several clusters, as a program: which clusters are meant, and what is claimed of each. */
import { beforeAll, describe, expect, it } from "vitest"
import { jobsLost } from "../../../cli/each.ts"
import type { ClusterView } from "../../../sdk/protocol/rows.ts"
import { cluster, clusters, handle } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const done: Answers = Object.fromEntries(
  ["stop", "start", "down", "autostop"].map((method) => [method, ({ params }, reply) => reply.result({ cluster: params.clusterName })])
)
const one = (more: object): Answers => ({
  ...done,
  status: (_, reply) => reply.result({ clusters: [cluster("train", more)], notFound: [] })
})

describe("without a name", () => {
  it.each(["stop", "start", "autostop", "down"])("%s -y chooses no cluster by itself, not even the only one", async (verb) => {
    await using daemon = await fakeDaemon({ ...done, ...clusters("train") })
    expect(await sky(dist, daemon.home, [verb, "-y"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Name a cluster, or -a for all. There is: train.")
    })
    expect(daemon.asked.map(({ method }) => method)).toEqual(["status"])
  })

  it("some of many clusters are named", async () => {
    await using daemon = await fakeDaemon(clusters(..."abcdefghij"))
    expect((await sky(dist, daemon.home, ["down", "-y"])).err).toContain("There are: a, b, c, d, e, f, g, h, 2 more.")
  })

  it("and with -a all are meant", async () => {
    await using daemon = await fakeDaemon({ ...done, ...clusters("a", "b") })
    expect(await sky(dist, daemon.home, ["down", "-y", "-a"])).toMatchObject({ code: 0 })
    expect(daemon.asked.filter(({ method }) => method === "down")).toHaveLength(2)
  })
})

it("a stop that can only be refused is not asked about before, and what a purge leaves is said", async () => {
  const own = { resources: { ...cluster("x").resources, cloud: "ssh", region: "rack" } }
  const refuse: Answers = { stop: (_, reply) => reply.fail("NotSupportedError", "It is never stopped.", 2) }
  await using daemon = await fakeDaemon({ ...one(own), ...refuse })
  expect(await sky(dist, daemon.home, ["stop", "train"])).toMatchObject({ code: 2, err: expect.stringContaining("It is never stopped.") })
  const said = {
    operation: "o",
    phase: "down",
    state: "failed",
    atMs: 0,
    cluster: "train",
    detail: "node 0 may still be on box: no route"
  } as const
  const purged: Answers = {
    down: (_, reply) => {
      reply.send("progress", said)
      reply.result({ cluster: "train" })
    }
  }
  await using other = await fakeDaemon({ ...one(own), ...purged })
  const { code, err } = await sky(dist, other.home, ["down", "-y", "--purge", "train"])
  expect([code, err]).toEqual([0, expect.stringMatching(/^✗ train: node 0 may still be on box: no route\n✓ train +gone/)])
})

it("a start that its place refuses says why once", async () => {
  const why = "RequestExpired: the request has expired: set AWS_PROFILE"
  const refused: Answers = {
    start: (_, reply) => {
      reply.send("progress", { operation: "o", phase: "provision", state: "failed", atMs: 0, cluster: "train", detail: `${why}.` })
      reply.fail("ResourcesUnavailableError", `train: its place did not start it: ${why}.`, 4)
    }
  }
  await using daemon = await fakeDaemon({ ...one({ status: "STOPPED" }), ...refused })
  const { code, err } = await sky(dist, daemon.home, ["start", "-y", "train"])
  expect([code, err.split("RequestExpired").length]).toEqual([4, 2])
  expect(err).toContain("its place did not start it: RequestExpired")
})

it("a start that waits for what goes on before it says so while it waits, and how to end that", async () => {
  const said = { operation: "o", phase: "queued", state: "running", atMs: 0, cluster: "train" } as const
  const detail = "for the launch before it; to end that: sky ops cancel 01ABC"
  const behind: Answers = {
    start: ({ params }, reply) => {
      reply.send("progress", { ...said, detail })
      reply.result({ cluster: params.clusterName })
    }
  }
  await using daemon = await fakeDaemon({ ...one({ status: "INIT" }), ...behind })
  const { code, err } = await sky(dist, daemon.home, ["start", "-y", "train"])
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/^▸ train +waits for the launch before it; to end that: sky ops cancel 01ABC\n✓ train +up/)
  ])
})

it.each(["stop", "down", "start", "autostop"])(
  "a %s that failed and is tried again says why while it waits, each reason once",
  async (verb) => {
    const said = { operation: "o", phase: verb === "start" ? "provision" : verb, state: "running", atMs: 0, cluster: "train" } as const
    const refused: Answers = {
      [verb]: ({ params }, reply) => {
        reply.send("progress", { ...said, detail: "1 node on AWS us-east-1a" })
        for (let tries = 0; tries < 2; tries += 1) reply.send("progress", { ...said, detail: "AWS: slow down; trying again", news: true })
        reply.result({ cluster: params.clusterName })
      }
    }
    await using daemon = await fakeDaemon({ ...one({ status: "INIT" }), ...refused })
    const { code, err } = await sky(dist, daemon.home, [verb, "-y", "train"])
    expect([code, err]).toEqual([0, expect.stringMatching(/^▸ train +AWS: slow down; trying again\n✓ train /)])
  }
)

describe("a cluster that is as it should be", () => {
  it.each([
    ["stop", { status: "STOPPED" }, "is stopped already"],
    ["start", { status: "UP" }, "is up already"],
    ["autostop --cancel", { autostop: -1 }, "had no autostop"]
  ])("is told so by %s, without a question, a call or a way back", async (line, row, words) => {
    await using daemon = await fakeDaemon(one(row))
    const { code, err } = await sky(dist, daemon.home, [...line.split(" "), "train"])
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(new RegExp(`^✓ train +${words}\\n$`)) })
    expect(daemon.asked.map(({ method }) => method)).toEqual(["status"])
  })

  it("is left alone while the others are changed, for the question did not name it", async () => {
    await using daemon = await fakeDaemon({
      ...done,
      status: (_, reply) => reply.result({ clusters: [cluster("x"), cluster("y", { status: "STOPPED" })], notFound: [] })
    })
    const { code, out } = await sky(dist, daemon.home, ["stop", "-y", "x", "y", "-o", "json"])
    expect({ code, ...JSON.parse(out) }).toEqual({
      code: 0,
      clusters: [
        { cluster: "y", ok: true },
        { cluster: "x", ok: true }
      ]
    })
    expect(daemon.asked.flatMap(({ method, params }) => (method === "stop" ? [params.clusterName] : []))).toEqual(["x"])
  })

  it("has its handle in the JSON of a start all the same", async () => {
    await using daemon = await fakeDaemon(one({ status: "UP" }))
    const { out } = await sky(dist, daemon.home, ["start", "train", "-o", "json"])
    expect(JSON.parse(out)).toEqual({ clusters: [{ cluster: "train", ok: true, handle }] })
  })

  it("is started again by force only after a question", async () => {
    await using daemon = await fakeDaemon(one({ status: "UP" }))
    expect(await sky(dist, daemon.home, ["start", "-f", "train"])).toMatchObject({ code: 2, err: expect.stringContaining("-y") })
  })
})

describe("an autostop", () => {
  it.each(["-i -1", "-i=-1", "-i-1", "-yi -1", "--idle-minutes -1", "--idle-minutes=-1", "-i -1 --down", "--cancel"])(
    "is cancelled by %s",
    async (flags) => {
      await using daemon = await fakeDaemon(one({ autostop: 5 }))
      const { code, err } = await sky(dist, daemon.home, ["autostop", "-y", ...flags.split(" "), "train"])
      expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("autostop cancelled") })
      expect(daemon.asked.at(-1)).toMatchObject({ method: "autostop", params: { idleMinutes: -1, clusterName: "train" } })
    }
  )

  it("is said in its column, and how to cancel it below", async () => {
    await using daemon = await fakeDaemon({ ...done, ...clusters("a", "b") })
    const { err } = await sky(dist, daemon.home, ["autostop", "-y", "-i", "10", "--down", "a", "b"])
    const [first, , last] = err.split("\n")
    expect(first).toMatch(/^✓ [ab] {13}goes after 10 idle minutes {11}\d\.\d s$/)
    expect(last).toMatch(/^cancel: sky autostop --cancel (a b|b a)$/)
  })

  it("that lacks its minutes says what it takes", async () => {
    await using daemon = await fakeDaemon(one({}))
    expect(await sky(dist, daemon.home, ["autostop", "-i", "--down", "train"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("-i takes minutes")
    })
  })
})

it("the jobs that would be lost are counted over all clusters", () => {
  const views = [1, 0].map((running) => cluster("c", { jobs: { pending: 0, running } }) as unknown as ClusterView)
  expect(jobsLost(views)).toBe(" 1 job is not over and will fail.")
  expect(jobsLost([views[0]!, views[0]!])).toBe(" 2 jobs are not over and will fail.")
})
