/** Whose the credentials are is kept for a while, and asked anew where much depends on it. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { keptIdentity } from "../../../daemon/rented/identity.ts"

const make = () => {
  const world = { names: ["ann"], fingerprint: "a", asked: 0 }
  const ask = Effect.sync(() => {
    world.asked++
    return world.names
  })
  return { world, ...keptIdentity({ hasSigns: () => true, fingerprint: Effect.sync(() => world.fingerprint), ask }) }
}

describe("an identity", () => {
  it.effect("is asked once while nothing shows that it may be another", () =>
    Effect.gen(function* () {
      const { identity, world } = make()
      yield* identity
      world.names = ["bob"]
      assert.deepStrictEqual(yield* identity, ["ann"])
      assert.strictEqual(world.asked, 1)
      world.fingerprint = "b"
      assert.deepStrictEqual(yield* identity, ["bob"])
    })
  )
  it.effect("that is asked anew is that of now, also for whoever asks after that", () =>
    Effect.gen(function* () {
      const { identity, identityNow, world } = make()
      yield* identity
      world.names = ["bob"]
      assert.deepStrictEqual(yield* identityNow, ["bob"])
      assert.deepStrictEqual(yield* identity, ["bob"])
      assert.strictEqual(world.asked, 2)
    })
  )
  it.effect("that is asked anew is not what whoever is asked keeps himself", () =>
    Effect.gen(function* () {
      const fingerprint = Effect.succeed("a")
      const { identity, identityNow } = keptIdentity({
        hasSigns: () => true,
        fingerprint,
        ask: Effect.succeed(["ann"]),
        askNow: Effect.succeed(["bob"])
      })
      assert.deepStrictEqual(yield* identity, ["ann"])
      assert.deepStrictEqual(yield* identityNow, ["bob"])
    })
  )
  it.effect("is asked again after its time, however the clock was set meanwhile", () =>
    Effect.gen(function* () {
      const { identity, world } = make()
      yield* identity
      yield* TestClock.adjust("11 minutes")
      const clock = yield* Clock.Clock
      const dayMs = 24 * 3_600_000
      const setBack: Clock.Clock = Object.assign(Object.create(clock) as Clock.Clock, {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - dayMs,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (ms) => ms - dayMs)
      })
      yield* Effect.provideService(identity, Clock.Clock, setBack)
      assert.strictEqual(world.asked, 2)
    })
  )
})
