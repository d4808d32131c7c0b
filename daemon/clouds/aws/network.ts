/** The network of a region, as EC2 says it is now: VPCs, subnets, routes. It changes seldom, and is asked anew after a while. */
import * as Effect from "effect/Effect"
import { keptOf } from "../../rented/kept.ts"
import { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { allPages } from "./pages.ts"
import type { AwsSettings } from "./settings.ts"
import { chooseSubnet, type NetworkOf } from "./subnets.ts"

/** EC2 takes no more. */
const routeTablesMax = 100

export const vpcsIn = Effect.fn("Network.vpcs")(function* (aws: Aws, region: string) {
  const [vpcs, subnets] = yield* Effect.all(
    [
      allPages((from) => aws.ask(region, "DescribeVpcs", (ec2, asked) => ec2.describeVpcs(from, asked))),
      allPages((from) => aws.ask(region, "DescribeSubnets", (ec2, asked) => ec2.describeSubnets(from, asked)))
    ],
    { concurrency: "unbounded" }
  )
  return { vpcs: vpcs.flatMap(({ Vpcs = [] }) => Vpcs), subnets: subnets.flatMap(({ Subnets = [] }) => Subnets) }
})

export const makeNetwork = (aws: Aws) => {
  const lookup = Effect.fn("Network.lookup")(function* (region: string) {
    const [vpcs, routeTables] = yield* Effect.all(
      [
        vpcsIn(aws, region),
        allPages((from) => aws.ask(region, "DescribeRouteTables", (ec2, asked) => ec2.describeRouteTables(from, asked)), routeTablesMax)
      ],
      { concurrency: "unbounded" }
    )
    return { ...vpcs, routeTables: routeTables.flatMap(({ RouteTables = [] }) => RouteTables) } satisfies NetworkOf
  })
  return Effect.map(
    keptOf(aws.fingerprint, lookup, "5 minutes"),
    ({ of: networkOf }) =>
      (settings: AwsSettings, where: { readonly count: number; readonly region: string; readonly zone: string }) =>
        Effect.flatMap(networkOf(where.region), (network) => {
          const chosen = chooseSubnet(network, settings, where)
          return chosen instanceof CloudError ? Effect.fail(chosen) : Effect.succeed(chosen)
        })
  )
}
