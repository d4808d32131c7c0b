/** What everybody should know first stands above every answer, is told once, and hides nothing that is true all the same. */
import { beforeAll, describe, expect, it } from "vitest"
import { cluster, clusters } from "./answers.ts"
import { type Answers, fakeDaemon } from "./fake-daemon.ts"
import { bundle, sky, startSky } from "./sky.ts"

let dist: string
beforeAll(async () => {
  dist = await bundle()
})

const full = "The disk has 12 MiB left."
const asOf = { seq: 7, atMs: 0 }
const run = async (answers: Answers, ...argv: ReadonlyArray<string>) => {
  await using daemon = await fakeDaemon(answers)
  return await sky(dist, daemon.home, argv)
}
/** The clusters of these names, in each answer what else is said. */
const saying = (more: object, ...names: ReadonlyArray<string>): Answers => ({
  status: (asked, reply, nth) =>
    clusters(...names).status!(asked, { ...reply, result: (value) => reply.result({ ...(value as object), ...more }) }, nth),
  queue: (_, reply) => reply.result({ jobs: [], clusters: [], notFound: [], ...more })
})

describe("a notice of a full disk", () => {
  it("stands above what a user without clusters can do next", async () => {
    expect(await run(saying({ notices: [full] }), "status")).toEqual({
      code: 0,
      out: "",
      err: `✗ ${full}\nNo clusters. Launch one: sky launch examples/hello.yaml\n`
    })
  })

  it.each(["status", "down -y", "start -y"])("keeps no name from being proposed: %s", async (verb) => {
    const { code, err } = await run(saying({ notices: [full] }, "train"), ...verb.split(" "), "trian")
    expect({ code, err }).toEqual({ code: 5, err: `✗ ${full}\n✗ There is no cluster 'trian'. Did you mean 'train'?\n` })
  })

  it.each(["status", "queue"])("stands above an answer from the past too: %s --at", async (verb) => {
    const { code, err } = await run(saying({ notices: [full], asOf }, "train"), verb, "--at", "7", "-o", "json")
    expect({ code, err }).toEqual({ code: 0, err: `${JSON.stringify({ notices: [full] })}\n` })
  })
})

describe("over a damaged log, where not all may be known,", () => {
  const damage = "The log is damaged."
  const incomplete = { notices: [damage], incomplete: true }

  it("nobody is told that there is nothing", async () => {
    for (const verb of ["status", "queue"]) expect((await run(saying(incomplete), verb)).err).toBe(`✗ ${damage}\n`)
    expect((await run(saying(incomplete), "down", "-y")).err).toBe(`✗ ${damage}\n✗ No cluster is known.\n  See: sky status\n`)
  })

  it("no other cluster is proposed", async () => {
    const { err } = await run(saying(incomplete, "train"), "down", "-y", "trian")
    expect(err).toBe(`✗ ${damage}\n✗ No cluster 'trian' is known.\n  See: sky status\n`)
  })
})

it("one that appears while events are followed is told then, and once", async () => {
  const fact = (seq: number) => ({ seq, atMs: 0, stream: "daemon", operation: null, event: { _tag: "DaemonStopped", reason: "x" } })
  const old = "The daemon leaves all alone."
  await using daemon = await fakeDaemon({
    status: (_, reply) => reply.result({ clusters: [cluster("train")], notFound: [] }),
    events: (_, reply) => reply.result({ events: [], notices: [old] }),
    "events.follow": (_, reply) => {
      reply.result({ notices: [old] }, true)
      reply.send("event", { event: fact(1) })
      reply.result({ notices: [full] }, true)
      reply.send("event", { event: fact(2) })
      reply.result({ notices: [full] }, true)
      reply.fail("RuntimeError", "That is all.", 1)
    }
  })
  const { ended } = startSky(dist, daemon.home, ["events", "-f", "-o", "json"])
  const { err, out } = await ended
  const said = err
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  expect(said.slice(0, 2)).toEqual([{ notices: [old] }, { notices: [full] }])
  expect(said).toHaveLength(3)
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).seq)
  ).toEqual([1, 2])
})
