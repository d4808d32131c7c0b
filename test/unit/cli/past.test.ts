/** `--at` and `replay` as they are printed: which moment it is, ages as of then, and what each fact changed. */
import { beforeAll, describe, expect, it } from "vitest"
import { cluster } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})
const env = { TZ: "Europe/Berlin" }
const asOf = { seq: 1234, atMs: Date.parse("2026-07-26T22:02:11Z") }

describe("status and queue of a past moment", () => {
  const job = {
    cluster: "train",
    id: 1,
    name: "x",
    user: "ann",
    status: "RUNNING",
    reason: null,
    submittedAtMs: asOf.atMs - 300_000,
    startedAtMs: asOf.atMs - 300_000,
    endedAtMs: null,
    numNodes: 1,
    accelerators: null,
    returnCodes: [],
    logPath: "~/l"
  }
  const row = cluster("train", { launchedAtMs: asOf.atMs - 7_200_000 })
  const answers: Answers = {
    status: ({ params }, reply) => {
      const asked = (params.clusterNames ?? ["train"]) as ReadonlyArray<string>
      reply.result({ clusters: asked.includes("train") ? [row] : [], notFound: asked.filter((name) => name !== "train"), asOf })
    },
    queue: (_, reply) => reply.result({ jobs: [job], clusters: ["train"], notFound: [], asOf })
  }

  it("begin with the moment, and count ages to it", async () => {
    await using daemon = await fakeDaemon(answers)
    const { code, out } = await sky(dist, daemon.home, ["status", "--at", "2 hours ago"], env)
    const [first, , shown] = out.split("\n")
    expect(code).toBe(0)
    expect(first).toBe("As known at 2026-07-27 00:02:11.000+02:00 (event 1234), whatever was true then.")
    expect(shown).toMatch(/^train {2}2 hrs ago/)
    const jobs = (await sky(dist, daemon.home, ["queue", "--at=1234", "train"], env)).out.split("\n")
    expect(jobs[0]).toBe(first)
    expect(jobs[2]).toMatch(/^1 +x +5 mins ago +5 mins ago +5m/)
    expect(daemon.asked.map(({ params }) => params.at)).toEqual(["2 hours ago", "1234"])
  })

  it("send a time that has no offset with that of this place", async () => {
    await using daemon = await fakeDaemon(answers)
    await sky(dist, daemon.home, ["status", "--at", "2026-11-26 10:02"], env)
    await sky(dist, daemon.home, ["status", "--at", "2026-11-25"], env)
    expect(daemon.asked.map(({ params }) => params.at)).toEqual(["2026-11-26 10:02+01:00", "2026-11-25 00:00+01:00"])
  })

  it("are an object as JSON, which says the moment", async () => {
    await using daemon = await fakeDaemon(answers)
    const said = { seq: 1234, at: "2026-07-26T22:02:11.000Z" }
    expect(JSON.parse((await sky(dist, daemon.home, ["status", "--at", "1234", "-o", "json"])).out)).toMatchObject({
      asOf: said,
      clusters: [{ name: "train" }]
    })
    expect(JSON.parse((await sky(dist, daemon.home, ["queue", "--at", "1234", "-o", "json"])).out)).toMatchObject({
      asOf: said,
      jobs: [{ id: 1 }]
    })
  })

  it("say of a name that it was not there then, exit 5", async () => {
    await using daemon = await fakeDaemon(answers)
    const { code, err } = await sky(dist, daemon.home, ["status", "--at", "1234", "old"])
    expect({ code, err }).toEqual({ code: 5, err: "✗ There was no cluster 'old' then.\n  Those there were: sky status --at 1234\n" })
    expect((await sky(dist, daemon.home, ["status", "--at", "1234", "x-*"])).err).toContain("No cluster matched 'x-*' then.")
  })

  it("of a damaged log say how far it is proven, where more was known then", async () => {
    const said = { notices: ["The log is damaged."], incomplete: true, asOf: { ...asOf, incomplete: true } }
    await using daemon = await fakeDaemon({ status: (_, reply) => reply.result({ clusters: [row], notFound: [], ...said }) })
    const { out } = await sky(dist, daemon.home, ["status", "--at", "30s ago"], env)
    expect(out.split("\n")[0]).toBe("As far as is proven: event 1234, of 2026-07-27 00:02:11.000+02:00.")
    const json = JSON.parse((await sky(dist, daemon.home, ["status", "--at", "30s ago", "-o", "json"])).out)
    expect(json.asOf).toMatchObject({ seq: 1234, incomplete: true })
  })

  it.each(["status --at 49", "queue --at 49", "replay --from 45 --to 48"])("of what is not proven say first why: sky %s", async (words) => {
    const refuse: Answers[string] = (_, reply) => reply.fail("ReadOnlyError", "Event 49 is not proven.", 1)
    await using daemon = await fakeDaemon({
      status: refuse,
      queue: refuse,
      replay: refuse,
      "daemon.status": (_, reply) => reply.result({ notices: ["The log is damaged."] })
    })
    expect(await sky(dist, daemon.home, words.split(" "))).toEqual({
      code: 1,
      out: "",
      err: "✗ The log is damaged.\n✗ Event 49 is not proven.\n"
    })
  })

  it("give no bare address, which would be taken for that of now; an empty WHEN is refused and not forgotten", async () => {
    await using daemon = await fakeDaemon({ status: (_, reply) => reply.fail("ValueError", "'' is neither", 2) })
    expect(await sky(dist, daemon.home, ["status", "--ip", "--at", "12", "train"])).toMatchObject({ code: 2, out: "" })
    expect(await sky(dist, daemon.home, ["status", "--at", ""])).toMatchObject({ code: 2, out: "" })
    expect(daemon.asked.map(({ params }) => params.at)).toEqual([""])
  })
})

describe("a replay", () => {
  const change = (field: string, before: unknown, after: unknown) => ({ what: "cluster", id: "C", name: "train", field, before, after })
  const fact = (seq: number, event: object, changes: ReadonlyArray<object>) => ({ seq, atMs: 0, operation: null, event, changes })
  const facts = [
    fact(7, { _tag: "JobStarted", job: 1 }, [
      { what: "job", id: "1", name: "train/1", field: "status", before: "PENDING", after: "RUNNING" }
    ]),
    fact(8, { _tag: "ClusterGone", cluster: "C", name: "train", reason: "asked" }, [
      change("status", "INIT", null),
      change("phase", "down", null)
    ])
  ]
  const answers: Answers = {
    status: (_, reply) => reply.result({ clusters: [], notFound: [] }),
    replay: (_, reply) => {
      for (const event of facts) reply.send("event", { event })
      reply.result({ events: facts.length })
    }
  }

  it("tells each fact, and below it what was and what is", async () => {
    await using daemon = await fakeDaemon(answers)
    const { code, out } = await sky(dist, daemon.home, ["replay", "--from", "7", "--to", "8", "-c", "train"], { TZ: "UTC" })
    expect({ code, lines: out.split("\n") }).toEqual({
      code: 0,
      lines: [
        "    7  00:00:00  job 1 started",
        "                   job train/1 status: PENDING -> RUNNING",
        "    8  00:00:00  cluster gone: asked",
        "                   train status: INIT -> gone",
        ""
      ]
    })
    expect(daemon.asked[0]!.params).toEqual({ after: 6, to: 8, clusterName: "train" })
  })

  it("is a line of JSON for each fact", async () => {
    await using daemon = await fakeDaemon(answers)
    const lines = (await sky(dist, daemon.home, ["replay", "-o", "json"])).out.trimEnd().split("\n")
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { seq: 7, at: "1970-01-01T00:00:00.000Z", event: { _tag: "JobStarted" }, changes: [{ before: "PENDING", after: "RUNNING" }] },
      { seq: 8, changes: [{ field: "status", after: null }, { field: "phase" }] }
    ])
  })

  it("ends without a word when its reader has enough", async () => {
    let sending: NodeJS.Timeout | undefined
    await using daemon = await fakeDaemon({
      replay: (_, reply) => {
        sending = setInterval(() => reply.send("event", { event: facts[0] }), 1)
      }
    })
    const { child, ended } = startSky(dist, daemon.home, ["replay"])
    child.stdout!.once("data", () => child.stdout!.destroy())
    expect(await ended).toMatchObject({ code: 0, err: "" })
    clearInterval(sending)
  })

  it("of a name that never was says so, and one of nothing too", async () => {
    await using daemon = await fakeDaemon({
      ...answers,
      replay: (_, reply) => reply.result({ events: 0 }),
      events: (_, reply) => reply.result({ events: [] })
    })
    expect(await sky(dist, daemon.home, ["replay", "-c", "nope"])).toMatchObject({ code: 5, err: expect.stringContaining("'nope'") })
    expect(await sky(dist, daemon.home, ["replay", "--from", "9"])).toEqual({ code: 0, out: "", err: "No events from 9 on.\n" })
    expect(await sky(dist, daemon.home, ["replay", "--from", "9", "--to", "8"])).toMatchObject({ code: 2, out: "" })
    expect(await sky(dist, daemon.home, ["replay", "--verify", "--to", "8"])).toMatchObject({ code: 2, out: "" })
  })

  it("that proves the state says of how many events and how long; a difference is exit 1 and named", async () => {
    const difference = { of: "the live state", path: "clusters.rows.C.wanted", expected: '"up"', found: null }
    await using daemon = await fakeDaemon({
      "replay.verify": (_, reply, nth) => reply.result({ events: 1234, tookMs: 400, difference: nth % 2 === 1 ? null : difference })
    })
    const run = (...argv: ReadonlyArray<string>) => sky(dist, daemon.home, ["replay", "--verify", ...argv])
    expect(await run()).toEqual({ code: 0, out: "1234 events folded: the state is the same (0.4 s)\n", err: "" })
    expect(await run()).toEqual({
      code: 1,
      out: '1234 events folded: the live state differs at clusters.rows.C.wanted\n  expected  "up"\n  found     nothing\n',
      err: ""
    })
    expect(JSON.parse((await run("-o", "json")).out)).toEqual({ events: 1234, took: 0.4, difference: null })
    const json = await run("-o", "json")
    expect({ code: json.code, out: JSON.parse(json.out).difference }).toEqual({ code: 1, out: difference })
  })
})
