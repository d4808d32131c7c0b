/** Whose the credentials are is kept for a while, and asked anew where much depends on it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
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
})
