/** Calls of AWS's SDK that nobody waits for any more. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { makeAws } from "../../daemon/clouds/aws/client.ts"
import { describeWithMoto, Moto } from "../tools/moto.ts"
import { givenUpUnsent } from "./given-up.ts"

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
      yield* givenUpUnsent<Parameters<Parameters<typeof aws.once<unknown>>[2]>>(
        (call) => aws.once("us-east-1", "CreateSecurityGroup", (...client) => call(client)),
        ([ec2, asked]) => ec2.createSecurityGroup({ GroupName: "late", Description: "late" }, asked)
      )
      const { SecurityGroups = [] } = yield* Effect.promise(() => moto.client("us-east-1").describeSecurityGroups({}))
      assert.notInclude(
        SecurityGroups.map(({ GroupName }) => GroupName),
        "late"
      )
    })
  )
})
