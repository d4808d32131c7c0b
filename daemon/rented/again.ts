/** Calls that are made again where that may help. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { CloudError } from "../clouds/Cloud.ts"

const triesMax = 8
const firstPauseMs = 500
const pauseMaxMs = 20_000

/** Any part of a pause that doubles (full jitter): many that were told to wait do not come back together. */
export const again = <A>(
  work: Effect.Effect<A, CloudError>,
  when: (error: CloudError) => boolean,
  tried = 1
): Effect.Effect<A, CloudError> =>
  Effect.catchIf(
    work,
    (error) => when(error) && tried < triesMax,
    () =>
      Effect.gen(function* () {
        yield* Effect.sleep(Math.min(pauseMaxMs, firstPauseMs * 2 ** (tried - 1)) * (yield* Random.next))
        return yield* again(work, when, tried + 1)
      })
  )
