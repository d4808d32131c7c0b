/** Compute Engine as a cloud, over strict_gce with real OpenSSH machines at the addresses of its instances. */
import { it } from "vitest"
import * as GcpCloud from "../../daemon/clouds/gcp/GcpCloud.ts"
import { GceMachines } from "../e2e/gce.ts"
import { whyNoMachines } from "../e2e/netns.ts"
import { cloudContract } from "./cloud.contract.ts"
import { rentedPrepare } from "./rented-prepare.ts"

const isHere = whyNoMachines === null
const prepare = rentedPrepare({
  isHere,
  start: (machines) => GceMachines.start(machines),
  envOf: ({ gce }) => gce.env,
  make: (options, lists) => GcpCloud.make({ ...options, catalog: () => lists.of("gcp") })
})

if (isHere) cloudContract("gcp", prepare)
else it.skip("needs machines", () => undefined)
