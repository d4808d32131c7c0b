/** EC2 as a cloud, over moto with real OpenSSH machines at the addresses of its instances. */
import { it } from "vitest"
import * as AwsCloud from "../../daemon/clouds/aws/AwsCloud.ts"
import { Ec2 } from "../e2e/ec2.ts"
import { whyNoMachines } from "../e2e/netns.ts"
import { whyNoMoto } from "../tools/moto.ts"
import { cloudContract } from "./cloud.contract.ts"
import { rentedPrepare } from "./rented-prepare.ts"

const isHere = whyNoMoto === null && whyNoMachines === null
const prepare = rentedPrepare({
  isHere,
  start: (machines) => Ec2.start(machines),
  envOf: ({ moto }) => moto.env,
  make: (options, lists) => AwsCloud.make({ ...options, catalog: () => lists.of("aws") })
})

if (isHere) cloudContract("aws", prepare)
else it.skip("needs moto and machines", () => undefined)
