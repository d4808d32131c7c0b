/**
 * The state as it was known at a moment: the fold of the log, stopped early. Nothing is asked of a cloud or an agent.
 *
 * At a position it is the fold up to it. At a time it is the fold up to the greatest position whose fact is stamped with that time or
 * an earlier one. All facts before that position belong to it, whatever their stamps: order is by position, and a clock that was put
 * back or forward in between changes only which position a time finds.
 *
 * Over a damaged log there was more than is proven: what was known at a time after the last event that is, is not known now.
 *
 * Past worlds are not kept.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { ReadOnlyError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Moment } from "../../sdk/protocol/replay.ts"
import { beginning, damaged, foldOn, missing, type Readable } from "./fold.ts"
import { verify } from "./verify.ts"
import { readWhen } from "./when.ts"

/** Folds that may be under way at once; more wait. Each holds one world. */
const foldsMax = 2
/** How much of the log is looked through at once for a time, from its end backwards. */
const windowFacts = 10_000

/** The greatest position that is stamped with this time or an earlier one; 0 when there is none. */
export const positionAt = Effect.fn("positionAt")(function* (log: Readable, atMs: number) {
  for (let end = log.world().at; end > 0; end -= windowFacts) {
    const found = yield* log.read(Math.max(1, end - windowFacts + 1), end).pipe(
      Stream.mapError(({ message }) => damaged(message)),
      Stream.runFold(
        () => 0,
        (last, recorded) => (recorded.atMs <= atMs ? recorded.seq : last)
      )
    )
    if (found > 0) return found
  }
  return 0
})

const stampOf = (log: Readable, seq: number) =>
  log.event(seq).pipe(
    Effect.mapError(({ message }) => damaged(message)),
    Effect.flatMap((recorded) => (recorded === undefined ? Effect.fail(missing(seq)) : Effect.succeed(recorded.atMs)))
  )

/** Which moment was asked for, or why there is no such. */
export const momentOf = Effect.fn("momentOf")(function* (log: Readable, at: string | number, isDamaged: boolean) {
  const head = log.world().at
  const when = yield* Effect.fromResult(readWhen(at, Math.trunc(yield* Clock.currentTimeMillis)))
  if ("seq" in when) {
    if (when.seq < 1) return yield* new ValueError({ message: "Positions begin with 1.", hint: null })
    if (when.seq > head) return yield* beyond(when.seq, head, isDamaged)
    return { seq: when.seq, atMs: yield* stampOf(log, when.seq) } satisfies Moment
  }
  if (isDamaged && head === 0) return yield* beyond(1, head, isDamaged)
  const seq = yield* positionAt(log, when.atMs)
  if (isDamaged && seq === head) return { seq, atMs: yield* stampOf(log, seq), incomplete: true } satisfies Moment
  if (seq > 0) return { seq, atMs: when.atMs } satisfies Moment
  // As a client prints a time; the zone of whoever asks is not known here.
  const begin = new Date(yield* stampOf(log, 1)).toISOString().replace("T", " ").replace("Z", "+00:00")
  return yield* new ValueError({ message: `Nothing is known of that time: the log begins at ${begin}.`, hint: null })
})

export const beyond = (seq: number, head: number, isDamaged: boolean) => {
  if (!isDamaged) return new ValueError({ message: `There is no event ${seq} yet: the last one is ${head}.`, hint: null })
  const proven = head === 0 ? "no event is" : `events 1 to ${head} are`
  return new ReadOnlyError({ message: `Event ${seq} is not proven: the log is damaged, and ${proven}.`, hint: null })
}

/** The pasts of one log, a few at a time. */
export const pastOf = (log: Readable, isDamaged: () => boolean) => {
  const { withPermit } = Semaphore.makeUnsafe(foldsMax)
  return {
    /** The world of a moment, with the moment; now, when none was asked for. */
    at: (at: string | number | null | undefined) =>
      at === null || at === undefined
        ? Effect.succeed({ world: log.world(), moment: {} })
        : withPermit(
            Effect.gen(function* () {
              const asOf = yield* momentOf(log, at, isDamaged())
              return { world: yield* foldOn(log, yield* beginning(log, asOf.seq), asOf.seq), moment: { asOf } }
            })
          ),
    verify: withPermit(Effect.suspend(() => verify(log)))
  }
}
