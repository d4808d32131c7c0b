/** The network of a region, as EC2 says it is now: VPCs, subnets, routes. It changes seldom, and is asked anew after a while. */
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import { kept } from "../../rented/kept.ts"
import { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import type { AwsSettings } from "./settings.ts"
import { chooseSubnet, type NetworkOf } from "./subnets.ts"

const pageSize = 1000

export const makeNetwork = (aws: Aws) => {
  const lookup = Effect.fn("Network.lookup")(function* (region: string) {
    const page = { MaxResults: pageSize }
    const [{ Vpcs = [] }, { Subnets = [] }, { RouteTables = [] }] = yield* Effect.all(
      [
        aws.ask(region, "DescribeVpcs", (ec2, asked) => ec2.describeVpcs(page, asked)),
        aws.ask(region, "DescribeSubnets", (ec2, asked) => ec2.describeSubnets(page, asked)),
        aws.ask(region, "DescribeRouteTables", (ec2, asked) => ec2.describeRouteTables({ MaxResults: 100 }, asked))
      ],
      { concurrency: "unbounded" }
    )
    return { vpcs: Vpcs, subnets: Subnets, routeTables: RouteTables } satisfies NetworkOf
  })
  return Effect.map(
    kept(lookup, "5 minutes"),
    (cache) => (settings: AwsSettings, where: { readonly count: number; readonly region: string; readonly zone: string }) =>
      Effect.flatMap(Cache.get(cache, where.region), (network) => {
        const chosen = chooseSubnet(network, settings, where)
        return chosen instanceof CloudError ? Effect.fail(chosen) : Effect.succeed(chosen)
      })
  )
}
