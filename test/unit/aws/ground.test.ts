/** The group of a state folder goes from a region that gave no machine, whatever the request there came to. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeGround } from "../../../daemon/clouds/aws/ground.ts"
import { type Cloud, CloudError, type Provisioned } from "../../../daemon/clouds/Cloud.ts"
import type { ProvisionRequest } from "../../../daemon/clouds/ProvisionRequest.ts"

const request = { offer: { region: "us-east-1" } } as ProvisionRequest
const failing = (kind: CloudError["kind"]) => Effect.fail(new CloudError({ kind, code: "Odd", message: "it did not work" }))

const scene = Effect.sync(() => {
  const removed: Array<string> = []
  const ground = makeGround((_, group) => Effect.sync(() => void removed.push(group)))
  const asked = (answer: ReturnType<Cloud["provision"]>) =>
    ground.given(() => Effect.andThen(ground.laid("us-east-1", "sg-1"), answer))(request)
  return { removed, asked }
})

describe("the group of a region", () => {
  it.effect("goes after a launch that was cancelled while it was asked for", () =>
    Effect.gen(function* () {
      const { asked, removed } = yield* scene
      const launch = yield* Effect.forkChild(asked(Effect.never), { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(removed, [])
      yield* Fiber.interrupt(launch)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(removed, ["sg-1"])
    })
  )
  it.effect("goes after requests without an answer, once they are not tried again: until then it is what they ask for", () =>
    Effect.gen(function* () {
      const { asked, removed } = yield* scene
      for (const _ of [1, 2, 3]) {
        yield* Effect.flip(asked(failing("Transient")))
        yield* TestClock.adjust("60 seconds")
      }
      assert.deepStrictEqual(removed, [])
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(removed, ["sg-1"])
    })
  )
  it.effect("stays where a machine came", () =>
    Effect.gen(function* () {
      const { asked, removed } = yield* scene
      yield* Effect.flip(asked(failing("Transient")))
      yield* asked(Effect.succeed<ReadonlyArray<Provisioned>>([]))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(removed, [])
    })
  )
})
