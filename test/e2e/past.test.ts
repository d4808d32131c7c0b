/** The past of a real daemon's log: its state at every position, the log played again, and the proof that it gives the state there is. */
import { Result } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { queueOf } from "../../daemon/queries/queue.ts"
import { select } from "../../daemon/queries/select.ts"
import * as World from "../../daemon/World.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { eventually, Home, kill, type Wire } from "./home.ts"

const home = new Home({ TZ: "UTC" })
let wire: Wire
let facts: ReadonlyArray<Recorded>
/** The world after each fact, from none on. */
let worlds: ReadonlyArray<World.World>
let ids = 0

const call = async (method: string, params: object = {}) => {
  const id = ++ids
  const { data } = await wire.request(id, method, params).answer(id)
  return data.error ?? data
}
const lastOf = (tag: string) => facts.findLast(({ event }) => event._tag === tag)!

const run = async (...argv: ReadonlyArray<string>) => {
  const { code, err } = await home.sky(...argv)
  if (code !== 0) throw new Error(`sky ${argv.join(" ")}: ${err}`)
}
const untilRuns = (name: string, job: number) =>
  eventually(
    () => home.json("queue", name),
    (jobs) => jobs.some(({ id, status }: { id: number; status: string }) => id === job && status === "RUNNING")
  )

beforeAll(async () => {
  await run("launch", "-y", "-c", "one", "echo hi")
  await run("autostop", "-y", "one", "-i", "10", "--down")
  await run("exec", "-d", "one", "sleep 100")
  await untilRuns("one", 2)
  await run("cancel", "-y", "one", "2")
  await run("stop", "-y", "one")
  await run("start", "-y", "one")
  await run("launch", "-y", "-d", "-c", "two", "sleep 100")
  await untilRuns("two", 1)
  await run("down", "-y", "one")
  wire = home.socket()
  facts = (await call("events")).value.events
  const after = [World.empty]
  for (const fact of facts) after.push(World.apply(after.at(-1)!, fact))
  worlds = after
}, 60_000)

describe("status and queue at every position", () => {
  it("are the fold of the log stopped there, whatever the agents do now", { timeout: 60_000 }, async () => {
    const agent = home.agentPid()
    kill(agent, "SIGSTOP")
    try {
      for (const { atMs, seq } of facts) {
        const world = worlds[seq]!
        const status = await call("status", { at: seq })
        expect(status.at).toBe(seq)
        expect(status.value).toEqual(
          JSON.parse(
            JSON.stringify({
              clusters: select(world.clusters, null).rows.map((row) => clusterView(row, world.jobs, atMs)),
              notFound: [],
              asOf: { seq, atMs }
            })
          )
        )
        const { jobs } = (await call("queue", { at: String(seq) })).value
        expect(jobs).toEqual(JSON.parse(JSON.stringify(Result.getOrThrow(queueOf(world, {})).jobs)))
      }
    } finally {
      kill(agent, "SIGCONT")
    }
  })

  it("of a time are those of the last fact stamped so or earlier", async () => {
    const { atMs } = lastOf("ClusterStopped")
    const { seq } = facts.findLast((fact) => fact.atMs <= atMs)!
    const { value } = await call("status", { at: new Date(atMs).toISOString() })
    expect(value).toEqual({ ...(await call("status", { at: seq })).value, asOf: { seq, atMs } })
  })

  it("tell a user what was known, with the ages of then", async () => {
    const { seq } = lastOf("JobCancelRequested")
    const { code, out } = await home.sky("status", "--at", String(seq))
    expect(code).toBe(0)
    expect(out).toMatch(/^As known at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00:00 \(event \d+\), whatever was true then\.\n/)
    expect(out).toMatch(/\none .* UP +10m \(down\) /)
    expect((await home.json("queue", "--at", String(seq), "one")).jobs.map(({ status }: { status: string }) => status)).toEqual([
      "RUNNING",
      "SUCCEEDED"
    ])
    expect((await home.json("status", "--at", "0s ago")).clusters.map(({ name }: { name: string }) => name)).toEqual(["two"])
  })

  it.each([
    ["100000", "There is no event 100000 yet: the last one is"],
    ["0", "Positions begin with 1."],
    ["2 weeks ago", "Nothing is known of that time: the log begins at"],
    ["2999-01-01 00:00", "is in the future"],
    ["soon", "'soon' is neither a position nor a time."]
  ])("are refused in one sentence, exit 2, where there is no such moment: %s", async (at, message) => {
    expect(await home.sky("status", "--at", at)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) })
    expect((await home.sky("queue", "--at", at)).code).toBe(2)
  })
})

describe("a replay", () => {
  it("tells all facts in order, and its changes lead from nothing to the state at their end", async () => {
    const lines = (await home.sky("replay", "--to", String(facts.length), "-o", "json")).out.trimEnd().split("\n")
    const told = lines.map((line) => JSON.parse(line))
    expect(told.map(({ seq }) => seq)).toEqual(facts.map(({ seq }) => seq))
    const last = new Map<string, unknown>()
    for (const { changes } of told) {
      for (const { what, id, field, before, after } of changes) {
        const key = `${what} ${what === "job" ? "" : id} ${field}`
        if (what !== "job") expect(last.get(key) ?? null).toEqual(before)
        last.set(key, after)
      }
    }
    const [two] = (await call("status", { at: facts.length })).value.clusters
    expect(last.get(`cluster ${two.id} status`)).toBe(two.status)
    expect(last.get(`cluster ${lastOf("ClusterGone").stream.slice("cluster/".length)} status`)).toBe(null)
  })

  it("reads as it went, for one name and between two positions", async () => {
    const { seq } = lastOf("ClusterStopped")
    const { out } = await home.sky("replay", "-c", "one", "--to", String(seq))
    expect(out).toMatch(/job 2 CANCELLED.*\n +job one\/2 status: RUNNING -> CANCELLED\n/)
    expect(out).toMatch(/\n +one status: INIT -> STOPPED\n/)
    expect(out).not.toContain("two")
    expect((await home.sky("replay", "--from", String(seq), "--to", String(seq))).out.split("\n")[0]).toMatch(/cluster stopped/)
    const launched = facts.find(({ event }) => event._tag === "ClusterCreated")!.seq
    expect(await home.sky("replay", "-c", "one", "--from", "1", "--to", String(launched - 1))).toEqual({
      code: 0,
      out: "",
      err: `No events of 'one' from 1 to ${launched - 1}.\n`
    })
    const ended = lastOf("ClusterGone").seq
    expect(await home.sky("replay", "-c", "one", "--from", String(ended + 1))).toEqual({
      code: 0,
      out: "",
      err: `No events of 'one' from ${ended + 1} on.\n`
    })
    expect(await home.sky("events", "one", "--after", String(ended))).toEqual({
      code: 0,
      out: "",
      err: `No events of 'one' after ${ended}.\n`
    })
    for (const none of [
      ["replay", "-c", "none"],
      ["events", "none", "--after", "1"]
    ]) {
      expect(await home.sky(...none)).toMatchObject({ code: 5, err: expect.stringContaining("There is no cluster 'none'.") })
    }
    expect(await home.sky("replay", "--to", "100000")).toMatchObject({ code: 2, err: expect.stringContaining("the last one is") })
  })
})

describe("the proof", () => {
  it("holds on a sound log, also after the daemon was killed", async () => {
    const sound = { code: 0, err: "", out: expect.stringMatching(/^\d+ events folded: the state is the same \(\d.* s\)\n$/) }
    expect(await home.sky("replay", "--verify")).toEqual(sound)
    kill(await home.daemonPid())
    expect(await home.sky("replay", "--verify")).toEqual(sound)
  })
})
