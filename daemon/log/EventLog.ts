/**
 * The only durable truth of the daemon: an ordered list of facts, and the world folded from them.
 *
 * One fiber writes. What is asked of it while a write is under way goes to disk together, with one fsync. Callers, the world
 * and followers see a group only when it is on disk; a write that fails ends the daemon, and replay decides what is true.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import { type Actor, daemonStream, type Recorded } from "../../events/Recorded.ts"
import { Background } from "../Background.ts"
import type * as World from "../World.ts"
import { Acceptor, type Append, type AppendError } from "./Acceptor.ts"
import { unpack } from "./chain.ts"
import { type Entry, LogStore, type StoreError } from "./LogStore.ts"
import { type Reading, readingOf } from "./reading.ts"
import { replay } from "./replay.ts"
import type { Snapshot } from "./snapshot.ts"
import { isMark, newestSnapshot } from "./snapshots.ts"
import { Witness } from "./Witness.ts"

/** Facts of a decision; none when there was nothing to record. */
type Facts = ReadonlyArray<Recorded>
interface Pending {
  readonly decide: (world: World.World) => Result.Result<Append | undefined, unknown>
  readonly done: Deferred.Deferred<Facts, unknown>
}
interface Group {
  readonly entries: ReadonlyArray<Entry>
  readonly facts: Facts
  readonly world: World.World
  readonly answers: ReadonlyArray<readonly [Pending, Result.Result<Facts, unknown>]>
}
export type Follower = (group: Facts, world: World.World) => void

const groupMax = 256
const pendingMax = 4096

export class EventLog extends Context.Service<
  EventLog,
  Reading & {
    readonly append: (append: Append) => Effect.Effect<Facts, AppendError>
    /**
     * Makes a decision on all that was accepted so far, and records it in the same breath: nobody decides in between.
     * `undefined`: there is nothing to record. Refusals too are answered only when what they were made on is on disk.
     */
    readonly decide: <E>(decide: (world: World.World) => Result.Result<Append | undefined, E>) => Effect.Effect<Facts, E | AppendError>
    /** The state of all that is on disk. */
    readonly world: () => World.World
    /** The same, with the chain's hash there. */
    readonly tip: () => Snapshot
    /** States on the way that are worth keeping and were not taken yet. */
    readonly takeMarks: () => ReadonlyArray<Snapshot>
    /** Where states are kept, ascending. */
    readonly keptAt: Effect.Effect<ReadonlyArray<number>, StoreError>
    /** The newest state that is kept at or before a position. */
    readonly kept: (upTo: number) => Effect.Effect<World.World | undefined, StoreError>
    /** Called after each group, in order. Must not throw and must not wait. Returns the way to end it. */
    readonly follow: (follower: Follower) => () => void
  }
>()("skyd/daemon/log/EventLog") {
  static readonly layer = (actor: Actor) =>
    Layer.effect(
      EventLog,
      Effect.suspend(() => make(actor))
    )
}

/** A decider that throws, or asks for a fact that is none, is a defect of that request, not of the log. */
const attempt = <A>(one: Pending, step: () => A): A | undefined => {
  try {
    return step()
  } catch (cause) {
    Deferred.doneUnsafe(one.done, Effect.die(cause))
    return undefined
  }
}

const make = Effect.fnUntraced(function* (actor: Actor) {
  const store = yield* LogStore
  const background = yield* Background
  const pending = yield* Queue.bounded<Pending>(pendingMax)
  const unanswered = new Set<Pending>()
  let broken: StoreError | undefined
  const followers = new Set<Follower>()
  const witness = yield* Witness
  const replayed = yield* replay(store, witness.said, witness.isDoubted)
  if (replayed.damage !== undefined) return yield* replayed.damage
  const acceptor = new Acceptor(replayed.world, replayed.hash)
  let { world, hash } = replayed
  const marks = [...replayed.marks]

  const prepare = Effect.fnUntraced(function* (asked: ReadonlyArray<Pending>) {
    const atMs = Math.trunc(yield* Clock.currentTimeMillis)
    const entries: Array<Entry> = []
    const facts: Array<Recorded> = []
    const answers: Array<Group["answers"][number]> = []
    for (const one of asked) {
      const decided = attempt(one, () => one.decide(acceptor.world))
      if (decided === undefined) continue
      const append = Result.isSuccess(decided) ? decided.success : undefined
      if (append === undefined) {
        answers.push([one, Result.isSuccess(decided) ? Result.succeed([]) : Result.fail(decided.failure)])
        continue
      }
      const packed = attempt(one, () => acceptor.accept(append, atMs))
      if (packed === undefined) continue
      answers.push([one, Result.map(packed, (all) => all.map(({ recorded }) => recorded))])
      if (Result.isFailure(packed)) continue
      for (const { entry, recorded } of packed.success) {
        entries.push(entry)
        facts.push(recorded)
      }
    }
    return { entries, facts, world: acceptor.world, answers } satisfies Group
  })

  /** A follower that fails is a defect of its own, not of the log: it is said, and the others are told. */
  const tell = (group: Group) =>
    Effect.forEach(
      [...followers],
      (follower) => Effect.sync(() => follower(group.facts, group.world)).pipe(Effect.catchCause(Effect.logError)),
      { discard: true }
    )
  const publish = Effect.fnUntraced(function* (group: Group) {
    world = group.world
    const last = group.entries.at(-1)
    if (last !== undefined) {
      hash = unpack(last.value)!.hash
      witness.advance(last.seq, hash)
      if (isMark(group.entries[0]!.seq - 1, last.seq)) marks.push({ world, hash })
    }
    if (group.facts.length > 0) yield* tell(group)
    for (const [one, answer] of group.answers) Deferred.doneUnsafe(one.done, Effect.fromResult(answer))
  })

  /** A write that failed ends the daemon; nobody waits for an answer that will not come. */
  const abandon = (error: StoreError) =>
    Effect.sync(() => {
      broken = error
      for (const { done } of unanswered) Deferred.doneUnsafe(done, Effect.die(error))
    })

  /** One batch is in flight at a time, since the thread pool may reorder two; the next group is prepared meanwhile. */
  const turns = yield* Queue.bounded<void>(1)
  yield* Queue.offer(turns, undefined)
  yield* background.start(
    "log writer",
    Effect.forever(
      Effect.gen(function* () {
        const group = yield* prepare(yield* Queue.takeBetween(pending, 1, groupMax))
        yield* Queue.take(turns)
        const write = group.entries.length === 0 ? Effect.void : Effect.tapError(store.write(group.entries), abandon)
        yield* background.start("log write", write.pipe(Effect.andThen(publish(group)), Effect.andThen(Queue.offer(turns, undefined))))
      })
    )
  )

  /** No span for each: with the store's own it would cost a sixth of an append. */
  const ask = Effect.fnUntraced(function* (decide: Pending["decide"]) {
    if (broken !== undefined) return yield* Effect.die(broken)
    const asked: Pending = { decide, done: yield* Deferred.make<Facts, unknown>() }
    unanswered.add(asked)
    const answer = Effect.andThen(Queue.offer(pending, asked), Deferred.await(asked.done))
    return yield* Effect.ensuring(
      answer,
      Effect.sync(() => unanswered.delete(asked))
    )
  }) as EventLog["Service"]["decide"]
  const append = (given: Append) => ask<never>(() => Result.succeed(given))

  if (world.at === 0) {
    const created = { _tag: "LogCreated" as const, log: witness.said.log }
    yield* Effect.orDie(append({ events: [[daemonStream, created]], operation: null, causedBy: 0, actor, expect: [] }))
  }
  if (witness.said.seq === 0) {
    // From now on a store that is missing is damage.
    witness.advance(world.at, hash)
    yield* witness.settled
  }

  return EventLog.of({
    append,
    decide: ask,
    world: () => world,
    tip: () => ({ world, hash }),
    takeMarks: () => marks.splice(0),
    keptAt: store.snapshots,
    kept: (upTo) => Effect.map(newestSnapshot(store, upTo), (snapshot) => snapshot?.world),
    follow: (follower) => {
      followers.add(follower)
      return () => void followers.delete(follower)
    },
    ...readingOf(store)
  })
})
