/** The network of a region is all of it: EC2 tells what there is in pages, and says of none of them that there is no more. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Aws } from "../../../daemon/clouds/aws/client.ts"
import { makeNetwork } from "../../../daemon/clouds/aws/network.ts"

interface From {
  readonly MaxResults: number
  readonly NextToken?: string
}
const paged =
  <A>(name: string, all: ReadonlyArray<A>) =>
  async ({ MaxResults, NextToken = "0" }: From) => {
    const to = Number(NextToken) + MaxResults
    return { [name]: all.slice(Number(NextToken), to), ...(all.length > to && { NextToken: `${to}` }) }
  }

const at = { count: 1, region: "us-east-1", zone: "us-east-1a" }
/** What there is of the default VPC comes last, after so many others. */
const networkAfter = (others: number, isOpen: boolean) => {
  const other = Array.from({ length: others }, (_, i) => `vpc-${i}`)
  const subnet = { AvailabilityZone: at.zone, State: "available", AvailableIpAddressCount: 9, MapPublicIpOnLaunch: false }
  const table = { Associations: [{ Main: true }], Routes: [] }
  const Routes = isOpen ? [{ GatewayId: "igw-1" }] : []
  const ec2 = {
    describeVpcs: paged("Vpcs", [...other.map((VpcId) => ({ VpcId })), { VpcId: "vpc-own", IsDefault: true }]),
    describeSubnets: paged("Subnets", [
      ...other.map((VpcId) => ({ ...subnet, SubnetId: `subnet-of-${VpcId}`, VpcId })),
      { ...subnet, SubnetId: "subnet-own", VpcId: "vpc-own" }
    ]),
    describeRouteTables: paged("RouteTables", [...other.map((VpcId) => ({ ...table, VpcId })), { ...table, VpcId: "vpc-own", Routes }])
  }
  const aws = {
    fingerprint: Effect.succeed(""),
    ask: (_region: string, _what: string, call: (ec2: never, asked: never) => Promise<unknown>) =>
      Effect.promise(() => call(ec2 as never, {} as never))
  }
  return makeNetwork(aws as unknown as Aws)
}

it.effect.each([
  { others: 100, what: "as many route tables as one page holds" },
  { others: 1000, what: "as many VPCs and subnets as one page holds" }
])("a way to the internet is seen behind $what, and none is seen where there is none", ({ others }) =>
  Effect.gen(function* () {
    for (const isOpen of [true, false]) {
      const network = yield* networkAfter(others, isOpen)
      const chosen = yield* network({ vpcName: null, useInternalIps: !isOpen } as never, at)
      assert.deepStrictEqual(chosen, { vpcId: "vpc-own", subnetId: "subnet-own" })
      const failed = yield* Effect.flip(network({ vpcName: null, useInternalIps: isOpen } as never, at))
      assert.strictEqual(failed.code, "InvalidSubnet")
    }
  })
)
