/** Whether an account can be used: what is kept of the last look, and who is told of a new one. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeSight, type Sight } from "../../../daemon/rented/sight.ts"

const account = () => {
  const now = { why: null as string | null, looks: 0, until: Effect.void as Effect.Effect<unknown> }
  const see: Effect.Effect<Sight<null>> = Effect.suspend(() => {
    const { until, why } = now
    now.looks++
    return Effect.as(until, { why, found: null })
  })
  const fingerprint = Effect.succeed("")
  const sight = makeSight({ name: "AWS", hasSigns: () => true, noCredentials: "none", fingerprint, see, isAnswer: () => true })
  return { now, ...sight }
}
const denied = "its credentials may not ec2:RunInstances"

describe("an account that was seen", () => {
  it.effect("is not looked at for every command, and at once for who doubts what was seen, good or bad", () =>
    Effect.gen(function* () {
      const { doubt, now, whyNot } = account()
      assert.isNull(yield* whyNot)
      now.why = denied
      yield* TestClock.adjust("1 minute")
      assert.isNull(yield* whyNot)
      assert.strictEqual(now.looks, 1)
      doubt()
      assert.strictEqual(yield* whyNot, denied)
      now.why = null
      assert.strictEqual(yield* whyNot, denied)
      doubt()
      assert.isNull(yield* whyNot)
      assert.isNull(yield* whyNot)
      assert.strictEqual(now.looks, 3)
    })
  )
  it.effect("is looked at once more for who doubts while a look goes on: that may have asked before", () =>
    Effect.gen(function* () {
      const { doubt, now, whyNot } = account()
      const answered = yield* Deferred.make<void>()
      now.until = Deferred.await(answered)
      const first = yield* Effect.forkChild(whyNot, { startImmediately: true })
      now.why = denied
      now.until = Effect.void
      doubt()
      const second = yield* Effect.forkChild(whyNot, { startImmediately: true })
      yield* Deferred.succeed(answered, undefined)
      assert.isNull(yield* Fiber.join(first))
      assert.strictEqual(yield* Fiber.join(second), denied)
    })
  )
})
