/**
 * The only durable truth of the daemon: an ordered list of facts, and the world folded from them.
 *
 * One fiber writes. Appends that arrive while a write is under way go to disk together, with one fsync. Callers, the world
 * and followers see a group only when it is on disk; a write that fails ends the daemon, and replay decides what is true.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Event } from "../../events/Event.ts"
import { type OperationId, Seq } from "../../events/ids.ts"
import { freedKeysOf, type Key, keysOf } from "../../events/keys.ts"
import type { Actor, Recorded, StreamName } from "../../events/Recorded.ts"
import { Background } from "../Background.ts"
import * as World from "../World.ts"
import { eventMaxBytes, genesis, link, pack, unpack } from "./chain.ts"
import { type Entry, LogStore, type LogUnavailable } from "./LogStore.ts"
import { LogUnreadable, readRecord } from "./read-record.ts"

/** A key moved after the decision was made. Decide again; by then the world contains what moved it. */
export class KeyMoved extends Schema.TaggedError<KeyMoved>()("KeyMoved", {
  key: Schema.String,
  expected: Schema.Natural,
  actual: Schema.Natural
}) {
  override get message() {
    return `${this.key} is at ${this.actual}, not ${this.expected}.`
  }
}

/** When a fact is larger than the log takes. */
export class EventTooLarge extends Schema.TaggedError<EventTooLarge>()("EventTooLarge", { bytes: Schema.Natural }) {
  override get message() {
    return `A fact of ${this.bytes} bytes is larger than the log takes (${eventMaxBytes}).`
  }
}

export interface Append {
  /** A third part names another operation than the append's own: one that this one ends. */
  readonly events: ReadonlyArray<readonly [StreamName, Event] | readonly [StreamName, Event, OperationId]>
  readonly operation: OperationId | null
  readonly causedBy: number
  readonly actor: Actor
  /** Every key that the decision read, with the position that it had. */
  readonly expect: ReadonlyArray<readonly [Key, number]>
}

type AppendError = KeyMoved | EventTooLarge
interface Pending extends Append {
  readonly done: Deferred.Deferred<ReadonlyArray<Recorded>, AppendError>
}
interface Prepared {
  readonly entries: ReadonlyArray<Entry>
  readonly accepted: ReadonlyArray<{ readonly append: Pending; readonly recorded: ReadonlyArray<Recorded> }>
  readonly refused: ReadonlyArray<{ readonly append: Pending; readonly error: AppendError }>
}
export type Follower = (group: ReadonlyArray<Recorded>, world: World.World) => void

const groupMax = 256
const pendingMax = 4096

export class EventLog extends Context.Service<
  EventLog,
  {
    readonly append: (append: Append) => Effect.Effect<ReadonlyArray<Recorded>, AppendError>
    /** The state of all that is on disk. */
    readonly world: () => World.World
    /** Called after each group, in order. Must not throw and must not wait. Returns the way to end it. */
    readonly follow: (follower: Follower) => () => void
    /** The first fact of a request that was seen before. */
    readonly requestSeq: (requestId: string) => Effect.Effect<number>
    readonly event: (seq: number) => Effect.Effect<Recorded | undefined, LogUnavailable | LogUnreadable>
    readonly read: (from: number) => Stream.Stream<Recorded, LogUnavailable | LogUnreadable>
    readonly readStream: (stream: StreamName, from: number) => Stream.Stream<Recorded, LogUnavailable | LogUnreadable>
  }
>()("skyd/daemon/log/EventLog") {
  /** `newLogId`: for a log that does not exist yet. */
  static readonly layer = (newLogId: Effect.Effect<string>, actor: Actor) =>
    Layer.effect(
      EventLog,
      Effect.suspend(() => make(newLogId, actor))
    )
}

const sound = (stored: { readonly seq: number; readonly value: Uint8Array }) => Effect.fromResult(readRecord(stored))

/** Folds all that is stored, checking the chain as it goes. */
const replay = Effect.fn("EventLog.replay")(function* (store: LogStore["Service"]) {
  let world = World.empty
  let hash: Buffer | undefined
  yield* store.scan(1).pipe(
    Stream.runForEach((page) =>
      Effect.gen(function* () {
        for (const stored of page) {
          const result = readRecord(stored)
          if (Result.isFailure(result)) return yield* result.failure
          const { event, seq } = result.success
          const { hash: said, json } = unpack(stored.value)!
          if (seq !== world.at + 1) return yield* broken(world.at + 1, `Event ${world.at + 1} is missing from the log.`)
          const previous: Buffer | undefined = hash ?? (event._tag === "LogCreated" ? genesis(event.log) : undefined)
          if (previous === undefined || !link(previous, json).equals(said)) {
            return yield* broken(seq, `Event ${seq} is not what was written: its hash does not follow from the one before.`)
          }
          hash = said
          world = World.apply(world, result.success)
        }
      })
    )
  )
  return { world, hash }
})

const broken = (seq: number, message: string) => new LogUnreadable({ seq, message })

const make = Effect.fnUntraced(function* (newLogId: Effect.Effect<string>, actor: Actor) {
  const store = yield* LogStore
  const background = yield* Background
  const pending = yield* Queue.bounded<Pending>(pendingMax)
  const followers = new Set<Follower>()
  const replayed = yield* replay(store)
  let world = replayed.world
  // What is accepted runs ahead of what is on disk by at most one group.
  let head = { seq: world.at, hash: replayed.hash ?? genesis("") }
  /** Positions of keys as accepted; what is not here is asked from the store. */
  const positions = new Map<Key, number>()

  const position = (key: Key) => {
    const known = positions.get(key)
    return known !== undefined ? Effect.succeed(known) : Effect.orDie(store.position(key))
  }

  /** Decides which appends of a group hold, and prints and hashes their events. */
  const prepare = Effect.fnUntraced(function* (group: ReadonlyArray<Pending>) {
    const atMs = Math.trunc(yield* Clock.currentTimeMillis)
    const entries: Array<Entry> = []
    const accepted: Array<Prepared["accepted"][number]> = []
    const refused: Array<Prepared["refused"][number]> = []
    for (const append of group) {
      let moved: AppendError | undefined
      for (const [key, expected] of append.expect) {
        const actual = yield* position(key)
        if (actual !== expected) moved ??= new KeyMoved({ key, expected, actual })
      }
      let { hash, seq } = head
      const packed = append.events.map(([stream, event, operation]) => {
        const recorded: Recorded = {
          seq: Seq.make(++seq),
          atMs,
          stream,
          operation: operation ?? append.operation,
          causedBy: Seq.make(append.causedBy),
          actor: append.actor,
          event
        }
        const json = Buffer.from(JSON.stringify(recorded))
        if (json.length > eventMaxBytes) moved ??= new EventTooLarge({ bytes: json.length })
        hash = link(event._tag === "LogCreated" ? genesis(event.log) : hash, json)
        return { recorded, entry: { seq, value: pack(hash, json), keys: keysOf(recorded), freed: freedKeysOf(recorded) } }
      })
      if (moved !== undefined) {
        refused.push({ append, error: moved })
        continue
      }
      head = { seq, hash }
      for (const { entry } of packed) {
        entries.push(entry)
        for (const key of entry.keys) positions.set(key, entry.seq)
        for (const key of entry.freed) positions.set(key, 0)
      }
      accepted.push({ append, recorded: packed.map(({ recorded }) => recorded) })
    }
    return { entries, accepted, refused } satisfies Prepared
  })

  const publish = ({ accepted, refused }: Prepared) =>
    Effect.sync(() => {
      const group = accepted.flatMap(({ recorded }) => recorded)
      for (const recorded of group) world = World.apply(world, recorded)
      // What is on disk is found in its index; only streams are asked for often enough to be kept.
      for (const { append } of accepted) for (const [key] of append.expect) if (key.startsWith("request/")) positions.delete(key)
      if (group.length > 0) for (const follower of followers) follower(group, world)
      for (const { append, recorded } of accepted) Deferred.doneUnsafe(append.done, Effect.succeed(recorded))
      for (const { append, error } of refused) Deferred.doneUnsafe(append.done, Effect.fail(error))
    })

  /** One batch is in flight at a time, since the thread pool may reorder two; the next group is prepared meanwhile. */
  const turns = yield* Queue.bounded<void>(1)
  yield* Queue.offer(turns, undefined)
  yield* background.start(
    "log writer",
    Effect.forever(
      Effect.gen(function* () {
        const group = yield* Queue.takeBetween(pending, 1, groupMax)
        const prepared = yield* prepare(group)
        yield* Queue.take(turns)
        const write = prepared.entries.length === 0 ? Effect.void : store.write(prepared.entries)
        yield* background.start("log write", write.pipe(Effect.andThen(publish(prepared)), Effect.andThen(Queue.offer(turns, undefined))))
      })
    )
  )

  const append = Effect.fn("EventLog.append")(function* (append: Append) {
    const done = yield* Deferred.make<ReadonlyArray<Recorded>, AppendError>()
    yield* Queue.offer(pending, { ...append, done })
    return yield* Deferred.await(done)
  })

  if (world.at === 0) {
    const log = yield* newLogId
    const created = {
      events: [["daemon" as StreamName, { _tag: "LogCreated" as const, log }] as const],
      operation: null,
      causedBy: 0,
      actor,
      expect: []
    }
    yield* Effect.orDie(append(created))
  }

  return EventLog.of({
    append,
    world: () => world,
    follow: (follower) => {
      followers.add(follower)
      return () => void followers.delete(follower)
    },
    requestSeq: (requestId) => Effect.orDie(store.position(`request/${requestId}`)),
    event: (seq) => Effect.flatMap(store.get(seq), (value) => (value === undefined ? Effect.succeed(undefined) : sound({ seq, value }))),
    read: (from) =>
      store.scan(from).pipe(
        Stream.mapEffect((page) => Effect.forEach(page, sound)),
        Stream.flatMap(Stream.fromIterable)
      ),
    readStream: (stream, from) => store.scanStream(stream, from).pipe(Stream.mapEffect(sound))
  })
})
