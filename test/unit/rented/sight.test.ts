/** Whether an account can be used: what is kept of the last look, and who is told of a new one. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeSight, type Sight } from "../../../daemon/rented/sight.ts"

const account = () => {
  const now = { why: null as string | null, looks: 0, files: "ann", until: Effect.void as Effect.Effect<unknown> }
  const see: Effect.Effect<Sight<string>> = Effect.suspend(() => {
    const { files, until, why } = now
    now.looks++
    return Effect.as(until, { why, found: files })
  })
  const fingerprint = Effect.sync(() => now.files)
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
  it.effect("is looked at again after its time, also with a clock that was set back meanwhile", () =>
    Effect.gen(function* () {
      const { now, whyNot } = account()
      yield* whyNot
      yield* TestClock.adjust("11 minutes")
      const clock = yield* Clock.Clock
      const setBack: Clock.Clock = Object.assign(Object.create(clock) as Clock.Clock, {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - 24 * 3_600_000,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (ms) => ms - 24 * 3_600_000)
      })
      yield* Effect.provideService(whyNot, Clock.Clock, setBack)
      yield* Effect.yieldNow
      assert.strictEqual(now.looks, 2)
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
  it.effect("is looked at anew with other credentials, and by them alone: those that come while a look goes on were not asked for", () =>
    Effect.gen(function* () {
      const { found, now, whyNot } = account()
      assert.isNull(yield* whyNot)
      const answered = yield* Deferred.make<void>()
      now.files = "bob"
      now.until = Deferred.await(answered)
      const first = yield* Effect.forkChild(whyNot, { startImmediately: true })
      now.files = "cat"
      yield* Deferred.succeed(answered, undefined)
      assert.isNull(yield* Fiber.join(first))
      now.why = denied
      assert.strictEqual(yield* whyNot, denied)
      assert.strictEqual(found(), "cat")
    })
  )
  it.effect("does not answer, and then other credentials are there: these are asked at once", () =>
    Effect.gen(function* () {
      const { isSilent, now, whyNot } = account()
      assert.isFalse(isSilent())
      now.until = Effect.never
      const first = yield* Effect.forkChild(whyNot, { startImmediately: true })
      now.files = "bob"
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* Fiber.join(first), "AWS did not answer within 10 s")
      assert.isTrue(isSilent())
      now.until = Effect.void
      assert.isNull(yield* whyNot)
      assert.isFalse(isSilent())
    })
  )
})
