/** What a node's journal says is kept for ever, so nothing of it is believed that the node has no business to say. */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { eventMaxBytes } from "../../daemon/log/chain.ts"
import { journalEvents } from "../../daemon/reactors/couriers/journal-events.ts"
import * as World from "../../daemon/World.ts"
import { Event } from "../../events/Event.ts"
import { rowOf } from "../../projections/clusters.ts"
import { jobOf } from "../../projections/jobs.ts"
import { cluster, ended, journal, recorded, requested, type Said, started, up, worldOf } from "../fakes/facts.ts"

const read = (entries: ReadonlyArray<unknown>, facts: ReadonlyArray<Said> = up(), from: unknown = journal) => {
  const world = worldOf(facts)
  return journalEvents(rowOf(world.clusters, cluster)!, world, from, entries)
}
const events = (...given: Parameters<typeof read>) => read(...given).map(([, event]) => event)
const end = { _tag: "JobEnded", job: 1, status: "SUCCEEDED", returnCodes: [0], reason: null }
const gap = (from: number, to = from) => ({ _tag: "JournalGap", cluster, journal, from, to })

describe("an entry of a node's journal", () => {
  it("becomes a fact of its cluster, of the job's operation, once", () => {
    const copied = [`journal/${journal}`, { ...end, cluster, entry: 1, observedAtMs: 7 }, "r-launch"]
    assert.deepStrictEqual(read([{ n: 1, atMs: 7, fact: end }]) as unknown, [copied])
    assert.deepStrictEqual(read([{ n: 2, atMs: 7, fact: end }], [...up(), started(), ended()]), [])
  })
  it("cannot speak for another cluster, under another number or at another time, and says nothing but what its fact is made of", () => {
    const forged = { ...end, cluster: "01HZZZZZZZZZZZZZZZZZZZZZZ0", entry: 99, observedAtMs: 99, operation: "r-other", more: "words" }
    assert.deepStrictEqual(events([{ n: 1, atMs: 7, fact: forged }]), [{ ...end, cluster, entry: 1, observedAtMs: 7 }] as never)
  })
  it("cannot decide what only the daemon decides", () => {
    const facts = ["ClusterGone", "NodeReleased", "OperationSucceeded", "JournalGap", "AutostopSet", "Nonsense"]
    for (const _tag of facts) {
      const fact = { _tag, name: "train", reason: "r", rank: 0, node: "n", result: {}, journal, from: 1, to: 9, idleMinutes: 1, down: true }
      assert.deepStrictEqual(events([{ n: 1, atMs: 7, fact }]), [gap(1)] as never, _tag)
    }
  })
  it("cannot say that the setup of another cluster's operation ended", () => {
    const fact = { _tag: "SetupEnded", returnCodes: [0], failedRank: null, lastLines: [], reason: null }
    assert.strictEqual(read([{ n: 1, atMs: 7, fact: { ...fact, operation: "r-launch" } }])[0]?.[2], "r-launch" as never)
    const others = { ...recorded([requested("launch", "r-other")], 100)[0]!, stream: "cluster/01HZZZZZZZZZZZZZZZZZZZZZZ0" as const }
    const world = World.apply(worldOf(up()), others as never)
    const copied = journalEvents(rowOf(world.clusters, cluster)!, world, journal, [
      { n: 1, atMs: 7, fact: { ...fact, operation: "r-other" } }
    ])
    assert.strictEqual(copied[0]?.[2], undefined)
  })
  it("is cut to what the log takes; what is larger still is a gap", () => {
    const lines = (count: number) => ({
      _tag: "SetupEnded",
      operation: "r-launch",
      returnCodes: [1],
      failedRank: 0,
      lastLines: Array.from({ length: count }, () => "€".repeat(5000)),
      reason: null
    })
    const [cut] = events([{ n: 1, atMs: 7, fact: lines(8) }])
    assert.strictEqual(cut?._tag, "SetupEnded")
    assert.isBelow(JSON.stringify(cut).length, 9 * 1024)
    assert.deepStrictEqual(events([{ n: 1, atMs: 7, fact: lines(4000) }]), [gap(1)] as never)
  })
  it("of a thousand ranks is kept whole", () => {
    const ranks = Array.from({ length: 1024 }, (_, rank) => ({
      rank,
      node: `i-0123456789abcde${rank}`,
      nodeRank: rank,
      pid: 4_000_000 + rank
    }))
    const [event] = events([{ n: 1, atMs: 7, fact: { _tag: "JobStarted", job: 1, ranks } }])
    assert.deepStrictEqual(event as unknown, { _tag: "JobStarted", cluster, entry: 1, observedAtMs: 7, job: 1, ranks })
  })
  it("about another job than the one that has its number here is a gap; about one that has none here it is a fact", () => {
    const known = worldOf(up()).jobs
    const { runTimestamp } = jobOf(known, cluster, 1)!
    const copied = events([
      { n: 1, atMs: 7, fact: { ...end, runTimestamp: "sky-of-another" } },
      { n: 2, atMs: 7, fact: { ...end, job: 2, runTimestamp: "sky-of-another" } },
      { n: 3, atMs: 7, fact: { ...end, job: 2 ** 40 } },
      { n: 4, atMs: 7, fact: { ...end, runTimestamp } }
    ])
    const facts = [gap(1), { ...end, job: 2, cluster, entry: 2, observedAtMs: 7 }, gap(3), { ...end, cluster, entry: 4, observedAtMs: 7 }]
    assert.deepStrictEqual(copied, facts as never)
  })
  it("of an autostop that fired before the node was started again is a fact that stops nothing", () => {
    const fact = { _tag: "AutostopFired", idleMinutes: 6, down: false, idleSinceMs: 1, past: true }
    const fired = { ...fact, cluster, entry: 1, observedAtMs: 7 }
    assert.deepStrictEqual(events([{ n: 1, atMs: 7, fact }]), [fired] as never)
    const row = rowOf(worldOf([...up(), fired as Event]).clusters, cluster)!
    assert.deepInclude(row, { wanted: "up", wantedReason: null })
  })
  it("of a journal that the head has left behind is not read", () => {
    assert.deepStrictEqual(read([{ n: 1, atMs: 7, fact: end }], up(), "01HZZZZZZZZZZZZZZZZZZZZZJ2"), [])
    assert.deepStrictEqual(read([{ n: 1, atMs: 7, fact: end }], up(), null), [])
  })
})

it("whatever a journal holds becomes facts that the log takes, and each number is accounted for", () => {
  const fact = fc.oneof(
    fc.anything(),
    fc.record({ _tag: fc.constantFrom("JobEnded", "JobStarted", "AutostopFired"), job: fc.anything(), ranks: fc.anything() }),
    fc.constant(end)
  )
  const entry = fc.oneof(
    fc.anything(),
    fc.record({ n: fc.oneof(fc.integer({ min: -2, max: 40 }), fc.anything()), atMs: fc.anything(), fact })
  )
  const isEvent = Schema.is(Event)
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      let next = 1
      for (const event of events(entries)) {
        assert.isTrue(isEvent(event))
        assert.isBelow(Buffer.byteLength(JSON.stringify(event)), eventMaxBytes)
        const [from, to] = event._tag === "JournalGap" ? [event.from, event.to] : "entry" in event ? [event.entry, event.entry] : [NaN, NaN]
        assert.strictEqual(from, next)
        next = to + 1
      }
    })
  )
})
