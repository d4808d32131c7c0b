/** Folds what is stored, checking the chain as it goes, and holds it against the witness. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as World from "../World.ts"
import { isWorthAhead, readAhead } from "./ahead.ts"
import { genesis, type Unpacked, unpack } from "./chain.ts"
import { checkEnd, checkNext } from "./check-next.ts"
import type { Head } from "./head-file.ts"
import type { LogDamaged } from "./LogDamaged.ts"
import type { LogStore, Stored } from "./LogStore.ts"
import { type LogUnreadable, readJson } from "./read-record.ts"
import type { Snapshot } from "./snapshot.ts"
import { hashAt, isMark, newestSnapshot } from "./snapshots.ts"

/** What is proven of the log. `damage`: why that is not all of it. */
interface Replayed extends Snapshot {
  /** States that are worth keeping, passed on the way. */
  readonly marks: ReadonlyArray<Snapshot>
  readonly damage: LogDamaged | undefined
}

/** Events before a snapshot that are verified all the same. */
const window = 10_000

interface Begun {
  /** The event after which everything is looked at. */
  readonly after: number
  readonly hash: Buffer
  readonly world: World.World
}

/** Behind the newest snapshot, or a while before it, when the witness has nothing against that. */
const behindSnapshot = Effect.fnUntraced(function* (store: LogStore["Service"], said: Head) {
  const last = yield* store.last
  const snapshot = last === undefined ? undefined : yield* newestSnapshot(store, last.seq)
  if (last === undefined || snapshot === undefined || snapshot.world.clusters.log !== said.log) return undefined
  const after = Math.max(0, Math.min(snapshot.world.at, last.seq - window))
  const hash = after === 0 ? genesis(said.log) : yield* hashAt(store, after)
  const isSeen = said.seq === 0 || said.seq > after || (yield* hashAt(store, said.seq))?.equals(said.hash)
  return hash === undefined || !isSeen ? undefined : { after, hash, world: snapshot.world }
})

/** What stands in the way of the short cut, be it what a snapshot holds, is found and told apart on the long way. */
const shortCut = Effect.fnUntraced(
  function* (store: LogStore["Service"], said: Head) {
    const begun = yield* behindSnapshot(store, said)
    return begun && (yield* foldFrom(store, said, begun))
  },
  Effect.catchTag("LogDamaged", () => Effect.succeed(undefined)),
  Effect.catchDefect((defect) =>
    Effect.as(Effect.logWarning("The log is not read on from its newest snapshot, but from its first event:", defect), undefined)
  )
)

/**
 * Damage is part of the answer, with all that is proven before it: from the first event on, for what a snapshot holds is then not proven.
 * It fails when the log holds what this version does not know, and when the store cannot be read for now: neither is damage.
 * `isDoubted`: where damage is known of, the short cut would pass it by.
 */
export const replay = Effect.fn("replay")(function* (store: LogStore["Service"], said: Head, isDoubted: boolean) {
  const short = isDoubted ? undefined : yield* shortCut(store, said)
  if (short !== undefined && short.damage === undefined) return short
  return yield* foldFrom(store, said, { after: 0, hash: genesis(said.log), world: World.empty })
})

const foldFrom = Effect.fnUntraced(function* (store: LogStore["Service"], said: Head, begun: Begun) {
  let { after: at, hash, world } = begun
  const marks: Array<Snapshot> = []

  /**
   * The event that comes now is sound: why the fold ends here all the same, if it does. Plain: an effect for each event would cost more
   * than the event.
   */
  const fold = (event: Unpacked): LogUnreadable | undefined => {
    const seq = at + 1
    if (seq > world.at) {
      const result = readJson(seq, event.json)
      if (Result.isFailure(result)) return result.failure
      world = World.apply(world, result.success)
    }
    hash = event.hash
    at = seq
    if (at === world.at && isMark(at - 1, at)) marks.push({ world, hash: Buffer.from(hash) })
    return undefined
  }
  const take = (stored: Stored): LogDamaged | LogUnreadable | undefined => {
    const checked = checkNext({ at, hash }, stored, said)
    return Result.isFailure(checked) ? checked.failure : fold(checked.success)
  }
  const takePage = (page: ReadonlyArray<Stored>): Effect.Effect<void, LogDamaged | LogUnreadable> => {
    for (const stored of page) {
      const end = take(stored)
      if (end !== undefined) return Effect.fail(end)
    }
    return Effect.void
  }

  if (store.location !== undefined && isWorthAhead(said.seq - at)) {
    yield* readAhead({ location: store.location, said, at, hash }, (page) => {
      for (const value of page) {
        const end = fold(unpack(value)!)
        if (end !== undefined) return end
      }
      hash = Buffer.from(hash)
      return undefined
    })
  }
  const damage = yield* store.scan(at + 1).pipe(
    Stream.runForEach(takePage),
    Effect.as(undefined),
    Effect.catchTag("LogDamaged", (error) => Effect.succeed(error))
  )
  const kept = yield* Effect.orElseSucceed(store.snapshots, () => [])
  return { world, hash, marks, damage: damage ?? checkEnd(at, said, kept) } satisfies Replayed
})
