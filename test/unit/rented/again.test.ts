/** How long a call that is made again waits before that. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"
import { again } from "../../../daemon/rented/again.ts"
import { passingBy } from "../../../daemon/rented/errors.ts"

/** Nearly as long as it may be. */
const longest = { nextDoubleUnsafe: () => 0.99, nextIntUnsafe: () => 0 }

it.effect("waits for half a second at most the first time, and twice as long each time", () =>
  Effect.gen(function* () {
    let calls = 0
    const call = Effect.suspend(() => {
      calls++
      return calls < 4 ? passingBy("RequestLimitExceeded", "slower") : Effect.void
    })
    const asking = yield* Effect.forkChild(
      again(call, () => true),
      { startImmediately: true }
    )
    for (const [waitMs, made] of [
      [500, 2],
      [1000, 3],
      [2000, 4]
    ] as const) {
      yield* TestClock.adjust(waitMs)
      assert.strictEqual(calls, made)
    }
    yield* Fiber.join(asking)
  }).pipe(Effect.provideService(Random.Random, longest))
)
