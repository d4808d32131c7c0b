/** EC2 as moto has it, empty before each test, and a daemon's cloud over it: where the tests of AWS begin. */
import { Effect } from "effect"
import { afterAll, beforeAll, beforeEach } from "vitest"
import * as AwsCloud from "../../daemon/clouds/aws/AwsCloud.ts"
import { Moto, whyNoMoto } from "../tools/moto.ts"
import { daemonsOf, oneIn } from "./rented-requests.ts"

/** Where there is no Python yet, it is made first. */
const startMaxMs = 360_000

export const awsScene = () => {
  let moto: Moto
  beforeAll(async () => {
    if (whyNoMoto !== null) return
    moto = await Moto.start()
    Object.assign(process.env, moto.env)
  }, startMaxMs)
  afterAll(() => moto?.end())
  beforeEach(async () => {
    if (whyNoMoto === null) await moto.reset()
  })
  const daemonOver = daemonsOf((options, lists) => AwsCloud.make({ ...options, catalog: () => lists.of("aws") }))
  return {
    moto: () => moto,
    daemonOver,
    one: oneIn(daemonOver, "aws/us-east-1/us-east-1a"),
    fault: (...rules: ReadonlyArray<object>) => Effect.promise(() => moto.strict("POST", "faults", rules)),
    calm: Effect.promise(() => moto.strict("DELETE", "faults")),
    live: Effect.promise(() => moto.live())
  }
}
