/** The state at a position, what each fact changed, and the proof that the log gives the state there is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Equal, Fiber, HashMap, Layer, Result, Stream } from "effect"
import fc from "fast-check"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { Leaks } from "../../daemon/leaks/Leaks.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { Lifecycle } from "../../daemon/life/Lifecycle.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import { Notices } from "../../daemon/Notices.ts"
import { changesOf } from "../../daemon/queries/changes.ts"
import { foldOn, type Readable } from "../../daemon/queries/fold.ts"
import { Queries } from "../../daemon/queries/Queries.ts"
import { replaying, sendReplay } from "../../daemon/queries/replay.ts"
import { verify } from "../../daemon/queries/verify.ts"
import { Couriers } from "../../daemon/reactors/couriers/Couriers.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { Unlogged } from "../../daemon/read-only/Unlogged.ts"
import * as World from "../../daemon/World.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { autostopShown } from "../../projections/autostop-in-force.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { jobsOf } from "../../projections/jobs.ts"
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import type { Change } from "../../sdk/protocol/replay.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { cluster, ended, recorded, requested, type Said, started, submitted, up, worldOf } from "../fakes/facts.ts"
import { histories } from "../fakes/histories.ts"

/** As it comes back from the disk, a few facts at a time. */
const logOf = (facts: ReadonlyArray<Recorded>, world = facts.reduce(World.apply, World.empty)): Readable => ({
  read: (from, to) =>
    Stream.rechunk(Stream.fromIterable(JSON.parse(JSON.stringify(facts.slice(from - 1, to))) as ReadonlyArray<Recorded>), 7),
  keptAt: Effect.succeed([]),
  kept: () => Effect.succeed(undefined),
  event: (seq) => Effect.succeed(facts[seq - 1]),
  world: () => world
})
const worldAt = (log: Readable, seq: number) => foldOn(log, World.empty, seq)
const same = (a: World.World, b: World.World) =>
  (["clusters", "jobs", "operations", "costs", "at"] as const).every((part) => Equal.equals(a[part], b[part]))

/** All that a change can tell of, as lines. */
const told = ({ clusters, jobs, operations }: World.World): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ...[...HashMap.values(clusters.rows)].flatMap((row) => {
      const { phase, reason, status } = conditionOf(row)
      const shown = autostopShown(row)
      return Object.entries({ status, phase, reason, autostop: shown?.idleMinutes ?? null, toDown: shown?.down ?? null }).map(
        ([field, value]) => [`cluster ${row.id} ${field}`, value] as const
      )
    }),
    ...[...HashMap.keys(jobs)].flatMap((id) =>
      jobsOf(jobs, id).flatMap((job) => [[`job ${job.id} status`, job.status] as const, [`job ${job.id} reason`, job.reason] as const])
    ),
    ...[...HashMap.values(operations.rows)].map((row) => [`operation ${row.id} status`, row.outcome._tag] as const)
  ])
const differing = (before: World.World, { event }: Recorded, after: World.World): ReadonlyArray<string> => {
  const [was, is] = [told(before), told(after)]
  return [...new Set([...was.keys(), ...is.keys()])].filter(
    (key) => (was.get(key) ?? null) !== (is.get(key) ?? null) && !(event._tag === "ClusterGone" && key.startsWith("job"))
  )
}

describe("the state at a position", () => {
  it("is the fold of the facts up to it, for every history", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (facts) => {
        let world = World.empty
        for (const fact of facts) {
          world = World.apply(world, fact)
          assert.isTrue(same(await Effect.runPromise(worldAt(logOf(facts), fact.seq)), world))
        }
      }),
      { numRuns: 30 }
    )
  })

  it("is not made up where a fact is missing, in the middle or at the end", async () => {
    const facts = recorded(up())
    const gap = logOf(facts.filter(({ seq }) => seq !== 3))
    const short = logOf(facts.slice(0, 5))
    assert.strictEqual((await Effect.runPromise(Effect.flip(worldAt(gap, 6)))).message, "Event 3 is missing from the log.")
    assert.strictEqual((await Effect.runPromise(Effect.flip(worldAt(short, 6)))).message, "Event 6 is missing from the log.")
  })

  it.live("is folded while others have their turn", () =>
    Effect.gen(function* () {
      const facts = recorded(Array.from({ length: 5_000 }, (_, i) => submitted(i + 1)))
      let turns = 0
      const turn = Effect.sync(() => {
        turns += 1
      })
      const other = yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.yieldNow, turn)))
      const world = yield* worldAt(logOf(facts), 5_000)
      yield* Fiber.interrupt(other)
      assert.strictEqual(world.at, 5_000)
      assert.isAbove(turns, 100)
    })
  )
})

describe("the changes of a fact", () => {
  it("are all that status, queue and ops tell differently after it, for every history", () => {
    fc.assert(
      fc.property(histories, (facts) => {
        let before = World.empty
        for (const fact of facts) {
          const after = World.apply(before, fact)
          const found = changesOf(before, fact, after).map(({ field, id, what }) => `${what} ${id} ${field}`)
          assert.sameMembers(found, [...differing(before, fact, after)])
          before = after
        }
      })
    )
  })

  it("say what was and what is, by the names that a user knows", () => {
    const changes = (facts: ReadonlyArray<Said>, next: Said) => {
      const all = recorded([...facts, next])
      const before = all.slice(0, -1).reduce(World.apply, World.empty)
      return changesOf(before, all.at(-1)!, World.apply(before, all.at(-1)!))
    }
    const said = ({ after, before, field, name }: Change) => `${name} ${field}: ${before} -> ${after}`
    assert.deepStrictEqual(changes(up(), started()).map(said), ["train/1 status: PENDING -> RUNNING"])
    assert.deepStrictEqual(changes([...up(), started()], ended(1, 2, "FAILED")).map(said), ["train/1 status: RUNNING -> FAILED"])
    assert.deepStrictEqual(changes(up(), requested("stop")).map(said), ["stop status: null -> running"])
    const gone: Said = { _tag: "ClusterGone", cluster, name: "train" as never, reason: "r" }
    assert.include(changes(up(), gone).map(said), "train status: UP -> null")
  })
})

describe("a replay", () => {
  const replayed = (params: object) => {
    const facts = recorded([...up(), started()])
    const frames: Array<ServerFrame> = []
    const send = (frame: ServerFrame) => Effect.sync(() => void frames.push(frame))
    return Effect.runPromise(Effect.result(sendReplay(1, params, { send }, logOf(facts), false))).then((result) => ({
      result,
      seqs: frames.map(({ data }) => (data as { readonly event: { readonly seq: number } }).event.seq)
    }))
  }

  it("one too many at once is refused, until one of them is left", async () => {
    const replay = replaying(logOf(recorded(up())), () => false)
    // Whoever reads it has stopped.
    const stopped = () => Effect.runFork(replay(1, {}, { send: () => Effect.never }))
    const readers = Array.from({ length: 4 }, stopped)
    const whole = () => Effect.runPromise(Effect.result(replay(1, {}, { send: () => Effect.void })))
    assert.deepInclude(Result.getOrThrow(Result.flip(await whole())), { _tag: "RuntimeError" })
    await Effect.runPromise(Fiber.interrupt(readers[0]!))
    assert.deepStrictEqual(await whole(), Result.succeed({ events: up().length }))
    for (const reader of readers) await Effect.runPromise(Fiber.interrupt(reader))
  })

  it("is of the facts after one position up to another; of a name, only those about it", async () => {
    const all = up().length + 1
    assert.deepStrictEqual(
      (await replayed({})).seqs,
      Array.from({ length: all }, (_, i) => i + 1)
    )
    assert.deepStrictEqual((await replayed({ after: 2, to: 4 })).seqs, [3, 4])
    assert.deepStrictEqual((await replayed({ after: 2, to: 4, clusterName: "train" })).seqs, [3, 4])
    assert.deepStrictEqual((await replayed({ clusterName: "other" })).seqs, [])
    // As it is asked again when the connection drops after the last fact.
    assert.deepStrictEqual((await replayed({ after: all })).seqs, [])
  })

  it.each([
    [{ to: 99 }, "There is no event 99 yet: the last one is 10."],
    [{ after: 50 }, "There is no event 51 yet: the last one is 10."],
    [{ after: 5, to: 4 }, "There is nothing after 5 and up to 4."]
  ])("of what there is not is refused: %j", async (params, message) => {
    const { result } = await replayed(params)
    assert.deepInclude(Result.getOrThrow(Result.flip(result)), { message, exitCode: 2 })
  })
})

describe("the proof", () => {
  const facts = recorded([...up(), started()])
  const proven = (world: World.World) => Effect.runPromise(verify(logOf(facts, world)))

  it("holds for every state that came from the log", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const answer = await Effect.runPromise(verify(logOf(history)))
        assert.deepInclude(answer, { events: history.length, difference: null })
      })
    )
  })

  it("names the first difference, with what it should be", async () => {
    const world = facts.reduce(World.apply, World.empty)
    const rows = HashMap.modify(world.clusters.rows, cluster, (row) => ({ ...row, nodes: [{ ...row.nodes[0]!, ready: false }] }))
    assert.deepStrictEqual((await proven({ ...world, clusters: { ...world.clusters, rows } })).difference, {
      of: "the live state",
      path: `clusters.rows.${cluster}.nodes.0.ready`,
      expected: "true",
      found: "false"
    })
  })

  it("sees what is there and should not be, and what should be and is not", async () => {
    const world = facts.reduce(World.apply, World.empty)
    const without = { ...world, jobs: HashMap.remove(world.jobs, cluster) }
    assert.deepInclude((await proven(without)).difference, { path: `jobs.${cluster}`, found: null })
    const more = { ...world, jobs: worldOf([...up(), started(), submitted(2)]).jobs }
    const { difference } = await proven(more)
    assert.deepInclude(difference, { path: `jobs.${cluster}.rows.2`, expected: null })
    assert.match(difference!.found!, /"status":"PENDING"/)
  })

  it("holds for no log with a fact that its schema does not allow: so says an audit", async () => {
    const poisoned = facts.map((one) => (one.seq === 3 ? { ...one, event: { ...one.event, cluster: null as never } } : one))
    const why = await Effect.runPromise(Effect.flip(verify(logOf(poisoned, facts.reduce(World.apply, World.empty)))))
    assert.match(why.message, /^Event 3 is not what its schema says: event\.cluster: /)
  })

  it("takes each state that is kept at its own position", async () => {
    const states = facts.map((_, i) => facts.slice(0, i + 1).reduce(World.apply, World.empty))
    const keeping = (kept: ReadonlyArray<World.World>): Readable => ({
      ...logOf(facts),
      keptAt: Effect.succeed(kept.map(({ at }) => at)),
      kept: (seq) => Effect.succeed(kept[seq - 1])
    })
    assert.deepInclude(await Effect.runPromise(verify(keeping(states))), { events: facts.length, difference: null })
    const wrong = states.map((state) => (state.at === 4 ? { ...states[2]!, at: 4 } : state))
    assert.deepInclude((await Effect.runPromise(verify(keeping(wrong)))).difference, { of: "the snapshot at event 4" })
  })
})

describe("a question about the past", () => {
  const facts = recorded([...up(), started()])
  /** Whatever is asked of a courier dies: nothing of it is there. */
  const answered = (method: "status" | "queue" | "replay", params: object, damage: string | null = null, log = facts) =>
    Effect.gen(function* () {
      ;(yield* Notices).set("damage", damage)
      const frames: Array<ServerFrame> = []
      const send = (frame: ServerFrame) => Effect.sync(() => void frames.push(frame))
      const queries = yield* Queries
      yield* queries.answer(
        method,
        { id: 1, method, params },
        { send, push: () => undefined, isFull: () => false, whenDrained: () => undefined }
      )
      return frames.map(({ data }) => data)
    }).pipe(
      Effect.provide(
        Queries.layer.pipe(
          Layer.provideMerge(Notices.layer),
          Layer.provide([
            Layer.succeed(EventLog, logOf(log) as never),
            Layer.succeed(Clouds, new Map()),
            Layer.mock(Couriers, {}),
            Layer.mock(LogStore, {}),
            Layer.succeed(Lifecycle, {} as never),
            Layer.succeed(Identity, {} as never),
            Reactors.on,
            Unlogged.refused,
            Leaks.refused(new RuntimeError({ message: "none", hint: null }))
          ])
        )
      ),
      Effect.scoped,
      Effect.result,
      Effect.runPromise
    )

  it("asks no cloud and no agent, and its answer holds the position that it names", async () => {
    assert.deepNestedInclude(await answered("status", { at: 5 }), {
      "success[0].at": 5,
      "success[0].value.asOf": { seq: 5, atMs: 5000 },
      "success[0].value.clusters[0].status": "INIT"
    })
    assert.deepNestedInclude(await answered("queue", { at: "9" }), {
      "success[0].value.asOf": { seq: 9, atMs: 9000 },
      "success[0].value.jobs[0].status": "PENDING"
    })
  })

  it("does not go with a refresh", async () => {
    assert.deepInclude(await answered("status", { at: 5, refresh: true }), { _tag: "Failure" })
  })

  it.each([
    ["status", { at: 49 }, "Event 49 is not proven: the log is damaged, and events 1 to 10 are."],
    ["queue", { at: "49" }, "Event 49 is not proven: the log is damaged, and events 1 to 10 are."],
    ["replay", { after: 44, to: 48 }, "Event 48 is not proven: the log is damaged, and events 1 to 10 are."]
  ] as const)("over a damaged log does not say of an event that it never was: %s %j", async (method, params, message) => {
    const refused = { _tag: "ReadOnlyError", message, exitCode: 1 } as const
    assert.deepInclude(Result.getOrThrow(Result.flip(await answered(method, params, "It is damaged."))), refused)
    assert.deepInclude(Result.getOrThrow(Result.flip(await answered(method, params))), { _tag: "ValueError" })
  })

  it.each([{ at: 5 }, { at: "5s ago" }])("over a damaged log of which nothing is proven says that: %j", async (params) => {
    const { message } = Result.getOrThrow(Result.flip(await answered("status", params, "It is damaged.", [])))
    assert.match(message, /^Event \d is not proven: the log is damaged, and no event is\.$/)
  })

  it("of a time after all that is proven names the last event that is, and its time; of one before, the time itself", async () => {
    const asOf = async (at: string, damage: string | null) =>
      (await answered("status", { at }, damage)) as { readonly success: ReadonlyArray<{ readonly value: { readonly asOf: object } }> }
    const late = "1970-01-01T00:05:00Z"
    assert.deepInclude((await asOf(late, "It is damaged.")).success[0]!.value.asOf, { seq: 10, atMs: 10_000, incomplete: true })
    assert.deepStrictEqual((await asOf(late, null)).success[0]!.value.asOf, { seq: 10, atMs: 300_000 })
    const early = "1970-01-01T00:00:05.500Z"
    assert.deepStrictEqual((await asOf(early, "It is damaged.")).success[0]!.value.asOf, { seq: 5, atMs: 5500 })
  })

  it("that is of now has no moment in its answer", async () => {
    assert.notNestedProperty(await answered("status", {}), "success[0].value.asOf")
  })
})
