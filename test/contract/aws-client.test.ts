/** Calls of AWS's SDK that nobody waits for any more. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { afterAll, beforeAll } from "vitest"
import { makeAws } from "../../daemon/clouds/aws/client.ts"
import { describeWithMoto, Moto } from "../tools/moto.ts"

describeWithMoto("a call of EC2", () => {
  let moto: Moto
  beforeAll(async () => {
    moto = await Moto.start()
    Object.assign(process.env, moto.env)
  })
  afterAll(() => moto.end())

  it.live("that is given up before it was sent is not sent, and ends nothing but itself", () =>
    Effect.gen(function* () {
      const aws = makeAws()
      const begun = yield* Deferred.make<void>()
      let open = () => {}
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      let sent: Promise<unknown> = Promise.resolve()
      const uncaught: Array<unknown> = []
      const onUncaught = (error: unknown) => void uncaught.push(error)
      process.prependListener("uncaughtExceptionMonitor", onUncaught)
      const asking = yield* Effect.forkChild(
        aws.once("us-east-1", "CreateSecurityGroup", (ec2, asked) => {
          sent = gate.then(() => ec2.createSecurityGroup({ GroupName: "late", Description: "late" }, asked))
          Deferred.doneUnsafe(begun, Effect.void)
          return sent
        })
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(asking)
      open()
      yield* Effect.flip(Effect.tryPromise(() => sent))
      yield* Effect.promise(() => new Promise(setImmediate))
      process.removeListener("uncaughtExceptionMonitor", onUncaught)
      assert.deepStrictEqual(uncaught, [])
      const { SecurityGroups = [] } = yield* Effect.promise(() => moto.client("us-east-1").describeSecurityGroups({}))
      assert.notInclude(
        SecurityGroups.map(({ GroupName }) => GroupName),
        "late"
      )
    })
  )
})
