/** What the log promises to those who append and those who follow. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Stream } from "effect"
import { Background } from "../../daemon/Background.ts"
import type { Append } from "../../daemon/log/Acceptor.ts"
import { genesis, link, pack, unpack } from "../../daemon/log/chain.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogStore, LogUnavailable } from "../../daemon/log/LogStore.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import type { Event } from "../../events/Event.ts"
import type { StreamName } from "../../events/Recorded.ts"
import { cluster, created, offer, requested } from "../fakes/facts.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const id = MemoryLogStore.memoryLog
const stream = `cluster/${cluster}` as StreamName

const open = (disk: MemoryLogStore.MemoryDisk) =>
  Layer.fresh(EventLog.layer(actor)).pipe(Layer.provideMerge(Layer.fresh(Background.layer)), Layer.provide(MemoryLogStore.layer(disk)))
const on = <A, E>(disk: MemoryLogStore.MemoryDisk, use: (log: EventLog["Service"]) => Effect.Effect<A, E>) =>
  EventLog.use(use).pipe(Effect.provide(open(disk), { local: true }))
const append = (events: ReadonlyArray<Event>, expect: Append["expect"] = []): Append => ({
  events: events.map((event) => [stream, event]),
  operation: null,
  causedBy: 0,
  actor,
  expect
})
const fact: Event = { _tag: "SetupStarted", cluster }

describe("EventLog", () => {
  it.live("begins with the log's own id and numbers facts without a gap", () => {
    const disk: MemoryLogStore.MemoryDisk = []
    return on(disk, (log) =>
      Effect.gen(function* () {
        yield* Effect.forEach(Array.from({ length: 600 }), () => log.append(append([fact, fact])), { concurrency: "unbounded" })
        const all = yield* Stream.runCollect(log.read(1, log.world().at))
        assert.deepStrictEqual(
          all.map(({ seq }) => seq as number),
          Array.from({ length: 1201 }, (_, i) => i + 1)
        )
        assert.deepStrictEqual(all[0]?.event, { _tag: "LogCreated", log: id })
        assert.strictEqual(log.world().at, 1201)
      })
    )
  })
  it.live("leaves nobody waiting when the disk refuses a write: all that was asked fails, and all that is asked later", () => {
    const full = Layer.effect(
      LogStore,
      Effect.map(LogStore, (store) => {
        let writes = 0
        const refuse = Effect.fail(new LogUnavailable({ operation: "write", message: "No space left on device" }))
        // The first one is the log's own beginning.
        return LogStore.of({ ...store, write: (entries) => (writes++ === 0 ? store.write(entries) : Effect.delay(refuse, 5)) })
      })
    )
    const layer = Layer.fresh(EventLog.layer(actor)).pipe(
      Layer.provideMerge(Layer.fresh(Background.layer)),
      Layer.provide(full),
      Layer.provide(MemoryLogStore.layer([]))
    )
    return EventLog.use((log) =>
      Effect.gen(function* () {
        const ask = Effect.uninterruptible(Effect.exit(log.append(append([fact]))))
        const all = yield* Effect.all(
          Array.from({ length: 300 }, () => ask),
          { concurrency: "unbounded" }
        )
        assert.isTrue([...all, yield* ask].every(({ _tag }) => _tag === "Failure"))
        assert.strictEqual(log.world().at, 1)
      })
    ).pipe(Effect.provide(layer, { local: true }), Effect.timeout("5 seconds"))
  })
  it.live("chains every stored value to the one before, in group commits too", () => {
    const disk: MemoryLogStore.MemoryDisk = []
    return on(disk, (log) =>
      Effect.gen(function* () {
        yield* Effect.forEach(Array.from({ length: 100 }), () => log.append(append([fact])), { concurrency: "unbounded" })
        let hash = genesis(id)
        for (const { value } of disk) {
          const { hash: said, json } = unpack(value)!
          hash = link(hash, json)
          assert.isTrue(hash.equals(said))
        }
      })
    )
  })
  it.live("refuses an append when a key that its decision read has moved", () =>
    on([], (log) =>
      Effect.gen(function* () {
        const [first] = yield* log.append(append([created as Event], [[stream, 0]]))
        const error = yield* Effect.flip(log.append(append([fact], [[stream, 0]])))
        assert.deepInclude(error, { _tag: "KeyMoved", key: stream, expected: 0, actual: first!.seq })
        yield* log.append(append([fact], [[stream, first!.seq]]))
      })
    )
  )
  it.live("lets one of two appends win that were decided on the same state, even within one group", () =>
    on([], (log) =>
      Effect.gen(function* () {
        const both = yield* Effect.forEach([1, 2, 3], () => Effect.exit(log.append(append([created as Event], [[stream, 0]]))), {
          concurrency: "unbounded"
        })
        assert.strictEqual(both.filter(({ _tag }) => _tag === "Success").length, 1)
        assert.strictEqual(log.world().at, 2)
      })
    )
  )
  it.live("a name is taken from a cluster's creation until it is gone", () =>
    on([], (log) =>
      Effect.gen(function* () {
        const free: Append["expect"] = [["name/train", 0]]
        yield* log.append(append([created as Event], free))
        assert.strictEqual((yield* Effect.flip(log.append(append([created as Event], free))))._tag, "KeyMoved")
        yield* log.append(append([{ _tag: "ClusterGone", cluster, name: "train" as never, reason: "" }]))
        yield* log.append(append([created as Event], free))
      })
    )
  )
  it.live("knows a request that it has seen, also after a restart", () => {
    const disk: MemoryLogStore.MemoryDisk = []
    const [event] = requested("stop") as readonly [Event, string]
    return Effect.gen(function* () {
      yield* on(disk, (log) => log.append(append([event], [["request/r-stop", 0]])))
      yield* on(disk, (log) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* log.requestSeq("r-stop"), 2)
          assert.isUndefined(yield* log.requestSeq("r-other"))
          assert.strictEqual((yield* Effect.flip(log.append(append([event], [["request/r-stop", 0]]))))._tag, "KeyMoved")
        })
      )
    })
  })
  it.live("refuses a fact that is too large and goes on", () =>
    on([], (log) =>
      Effect.gen(function* () {
        const large: Event = { _tag: "DaemonStopped", reason: "x".repeat(300 * 1024) }
        assert.strictEqual((yield* Effect.flip(log.append(append([large]))))._tag, "EventTooLarge")
        yield* log.append(append([fact]))
        assert.strictEqual(log.world().at, 2)
      })
    )
  )
  it.live("takes no fact that could not be read again: its asker is told, and the log goes on as it was", () =>
    on([], (log) =>
      Effect.gen(function* () {
        for (const usdPerHour of [Number.NaN, Number.POSITIVE_INFINITY]) {
          const chosen: Event = { _tag: "PlaceChosen", cluster, numNodes: 1, offer: { ...offer, usdPerHour } }
          const exit = yield* Effect.exit(log.append(append([created as Event, chosen], [["name/train", 0]])))
          assert.isTrue(Exit.hasDies(exit))
          assert.include(
            String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
            "Event 3 is not what its schema says: event.offer.usdPerHour"
          )
        }
        assert.strictEqual(log.world().at, 1)
        yield* log.append(append([created as Event], [["name/train", 0]]))
        assert.strictEqual(log.world().at, 2)
      })
    )
  )
  it.live("holds in its state what it has written, and nothing else", () =>
    on([], (log) =>
      Effect.gen(function* () {
        const said: Event = { _tag: "OperationSucceeded", result: { share: -0, gone: undefined as never } }
        const [fact] = yield* log.append(append([said]))
        assert.deepStrictEqual(fact!.event, { _tag: "OperationSucceeded", result: { share: 0 } })
      })
    )
  )
  it.live("tells followers of a group only when it is on disk, in order", () => {
    const disk: MemoryLogStore.MemoryDisk = []
    return on(disk, (log) =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        log.follow((group, world) => {
          for (const { seq } of group) assert.isBelow(seq - 1, disk.length)
          seen.push(...group.map(({ seq }) => seq as number))
          assert.strictEqual(world.at, seen.at(-1))
        })
        yield* Effect.forEach(Array.from({ length: 50 }), () => log.append(append([fact])), { concurrency: "unbounded" })
        assert.deepStrictEqual(
          seen,
          Array.from({ length: 50 }, (_, i) => i + 2)
        )
      })
    )
  })
})

describe("a log that cannot be trusted or understood stops the daemon before it acts", () => {
  /** A log of two facts whose second is changed by `change`. */
  const damaged = (change: (json: string) => string, rehash: boolean) =>
    Effect.gen(function* () {
      const disk: MemoryLogStore.MemoryDisk = []
      yield* on(disk, (log) => log.append(append([{ _tag: "DaemonStarted", version: "9.9.9", minReader: 1, pid: 1 }])))
      const { hash, json } = unpack(disk[1]!.value)!
      const changed = Buffer.from(change(json.toString()))
      disk[1] = { ...disk[1]!, value: pack(rehash ? link(unpack(disk[0]!.value)!.hash, changed) : hash, changed) }
      const exit = yield* Effect.flip(on(disk, () => Effect.void))
      return exit.message
    })
  it.live("an event of a kind that it does not know", () =>
    Effect.gen(function* () {
      const message = yield* damaged((json) => json.replace("DaemonStarted", "MoonPhaseChanged"), true)
      assert.include(message, "Event 2 is a MoonPhaseChanged, which this version of skyd does not know")
    })
  )
  it.live("a daemon of a newer version that older ones must not follow", () =>
    Effect.gen(function* () {
      const message = yield* damaged((json) => json.replace('"minReader":1', '"minReader":99'), true)
      assert.include(message, "written by skyd 9.9.9, which this version cannot follow")
    })
  )
  it.live.each([
    ["it reads as another", (json: string) => json.replace("9.9.9", "9.9.8")],
    ["it reads as one of a kind that nobody knows", (json: string) => json.replace("DaemonStarted", "DaemonStbrted")],
    ["it reads as one of another number", (json: string) => json.replace('"seq":2', '"seq":3')],
    ["it reads as nothing", (json: string) => json.replace("{", "[")]
  ] as const)("a fact that was changed after it was written: %s", ([, change]) =>
    Effect.gen(function* () {
      assert.include(yield* damaged(change, false), "Event 2 is not what was written: its hash does not follow")
    })
  )
  it.live("a first fact that was changed, which all others hang on", () =>
    Effect.gen(function* () {
      const disk: MemoryLogStore.MemoryDisk = []
      yield* on(disk, () => Effect.void)
      const { hash, json } = unpack(disk[0]!.value)!
      disk[0] = { ...disk[0]!, value: pack(hash, Buffer.from(json.toString().replace("LogCreated", "LogCrebted"))) }
      assert.include((yield* Effect.flip(on(disk, () => Effect.void))).message, "Event 1 is not what was written")
    })
  )
})
