/** Milliseconds that no setting of the clock moves: of two of them, in one life of the daemon, the difference says how long it was. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

export const steadyMs: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))
