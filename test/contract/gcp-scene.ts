/** Compute Engine as strict_gce has it, empty before each test, and a daemon's cloud over it: where the tests of GCP begin. */
import { Effect } from "effect"
import { afterAll, beforeAll, beforeEach } from "vitest"
import * as GcpCloud from "../../daemon/clouds/gcp/GcpCloud.ts"
import { Gce } from "../tools/gce.ts"
import { daemonsOf, oneIn } from "./rented-requests.ts"

export const zone = "us-central1-a"

/** `envOf`: what else the clients are told once it is there. */
export const gcpScene = (envOf: (gce: Gce) => Promise<Readonly<Record<string, string>>> = async () => ({})) => {
  let gce: Gce
  let env: Readonly<Record<string, string>>
  beforeAll(async () => {
    gce = await Gce.start()
    env = { ...gce.env, ...(await envOf(gce)) }
  })
  afterAll(() => gce.end())
  beforeEach(async () => {
    Object.assign(process.env, env)
    await gce.reset()
  })
  const daemonOver = daemonsOf((options, lists) => GcpCloud.make({ ...options, catalog: () => lists.of("gcp") }))
  return {
    gce: () => gce,
    daemonOver,
    one: oneIn(daemonOver, `gcp/us-central1/${zone}`),
    fault: (...rules: ReadonlyArray<object>) => Effect.promise(() => gce.strict("POST", "faults", rules)),
    calm: Effect.promise(() => gce.strict("DELETE", "faults")),
    live: Effect.promise(() => gce.instances())
  }
}
