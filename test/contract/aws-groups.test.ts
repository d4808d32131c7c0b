/** The group of a state folder on EC2: it is there while it is of use in a region, and no longer where that gave no machine. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"

const { fault, moto, one } = awsScene()

const groups = async () => {
  const Filters = [{ Name: "tag-key", Values: ["skyd-folder"] }]
  return (await moto().client("us-east-1").describeSecurityGroups({ Filters })).SecurityGroups!.length
}
const removals = async () => (await moto().calls("DeleteSecurityGroup")).map(({ status }) => status)
const soon = { timeout: 40_000, interval: 500 }

describeWithMoto("the group of a state folder", () => {
  it.live("goes again from a region that gave no machine, once nothing more is asked there", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* fault({ action: "RunInstances", code: "InsufficientInstanceCapacity", times: 2 })
      for (const _ of [1, 2]) yield* Effect.flip(cloud.provision(request([0])))
      assert.strictEqual(yield* Effect.promise(groups), 1)
      yield* Effect.promise(() => expect.poll(groups, soon).toBe(0))
      assert.deepStrictEqual(yield* Effect.promise(removals), [200])
      // It is made anew where it is of use.
      assert.lengthOf(yield* cloud.provision(request([0])), 1)
      assert.strictEqual(yield* Effect.promise(groups), 1)
    }).pipe(Effect.scoped)
  )

  it.live("stays where a machine has it, whatever else is refused there", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      yield* cloud.provision(request([0]))
      yield* fault({ action: "RunInstances", code: "InsufficientInstanceCapacity" })
      yield* Effect.flip(cloud.provision(request([0])))
      yield* Effect.promise(() => expect.poll(async () => (await removals()).length, soon).toBe(1))
      assert.strictEqual(yield* Effect.promise(groups), 1)
    }).pipe(Effect.scoped)
  )
})
