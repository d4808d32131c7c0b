/** Fresh ULIDs, from the clock and the randomness of the runtime, so that a seed replays them. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { ulid } from "ulid"

const randomDigits = 16

export const freshUlid: Effect.Effect<string> = Effect.gen(function* () {
  const now = yield* Clock.currentTimeMillis
  const rolls = yield* Effect.replicateEffect(Random.next, randomDigits)
  let next = 0
  return ulid(Math.trunc(now), () => rolls[next++ % randomDigits]!)
})
