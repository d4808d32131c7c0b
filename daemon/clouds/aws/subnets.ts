/** Which subnet of a zone machines are put into. Pure, over what EC2 says of a region's network. */
import type { RouteTable, RouteTableAssociation, Subnet, Vpc } from "@aws-sdk/client-ec2"
import { refusedForAny } from "../../rented/errors.ts"
import type { CloudError } from "../Cloud.ts"
import { refusedBy } from "./errors.ts"
import type { AwsSettings } from "./settings.ts"
import { tagIn } from "./tags.ts"

export interface NetworkOf {
  readonly vpcs: ReadonlyArray<Vpc>
  /** Of the region. */
  readonly subnets: ReadonlyArray<Subnet>
  readonly routeTables: ReadonlyArray<RouteTable>
}

export interface Chosen {
  readonly vpcId: string
  readonly subnetId: string
}

/** As it was made, or by its own table of routes, or its VPC's where it has none. */
const isPublic = ({ MapPublicIpOnLaunch, SubnetId, VpcId }: Subnet, tables: ReadonlyArray<RouteTable>): boolean => {
  if (MapPublicIpOnLaunch) return true
  const isFor = (is: (association: RouteTableAssociation) => boolean) =>
    tables.find(({ Associations = [], VpcId: of }) => of === VpcId && Associations.some(is))
  const table = isFor((one) => one.SubnetId === SubnetId) ?? isFor(({ Main }) => Main === true)
  return table?.Routes?.some(({ GatewayId }) => GatewayId?.startsWith("igw-")) ?? false
}

export const vpcFor = (
  { subnets, vpcs }: Omit<NetworkOf, "routeTables">,
  { vpcName }: Pick<AwsSettings, "vpcName">,
  region: string
): string | CloudError => {
  if (vpcName === null) {
    const own = vpcs.find(({ IsDefault }) => IsDefault) ?? (vpcs.length === 1 ? vpcs[0] : undefined)
    if (own?.VpcId !== undefined) return own.VpcId
    const many = vpcs.length === 0 ? "has none" : "has several, and none of them is the default one"
    return refusedForAny("VPCIdNotSpecified", `${region} ${many}: name a VPC as aws.vpc_name in config.yaml`, "region")
  }
  const named = vpcs.filter(({ Tags }) => tagIn(Tags, "Name") === vpcName)
  const used = named.length > 1 ? named.filter(({ VpcId }) => subnets.some((subnet) => subnet.VpcId === VpcId)) : named
  if (used.length === 1 && used[0]!.VpcId !== undefined) return used[0]!.VpcId
  const what = used.length === 0 ? "no VPC" : `${used.length} VPCs`
  return refusedForAny("InvalidVpcID.NotFound", `${region} has ${what} of the name '${vpcName}' (aws.vpc_name in config.yaml)`, "region")
}

/** `count`: of machines, each with an address of its own. */
export const chooseSubnet = (
  network: NetworkOf,
  settings: AwsSettings,
  { count, region, zone }: { readonly count: number; readonly region: string; readonly zone: string }
): Chosen | CloudError => {
  const vpcId = vpcFor(network, settings, region)
  if (typeof vpcId !== "string") return vpcId
  const { useInternalIps } = settings
  const there = network.subnets.filter(({ State, VpcId }) => VpcId === vpcId && State === "available")
  const open = there.filter((subnet) => (useInternalIps ? !isPublic(subnet, network.routeTables) : isPublic(subnet, network.routeTables)))
  const kind = useInternalIps ? "private subnet" : "subnet with a way to the internet"
  if (open.length === 0) return refusedForAny("InvalidSubnet", `${region} has no ${kind} in ${vpcId}`, "region")
  const inZone = open.filter(({ AvailabilityZone }) => AvailabilityZone === zone)
  if (inZone.length === 0) return refusedForAny("InvalidSubnet", `${zone} has no ${kind} in ${vpcId}`, "zone")
  // Who asks again is put into the same one.
  const ordered = inZone.toSorted(
    (a, b) => Number(b.DefaultForAz ?? false) - Number(a.DefaultForAz ?? false) || (a.SubnetId ?? "").localeCompare(b.SubnetId ?? "")
  )
  const subnet = ordered.find(({ AvailableIpAddressCount = count }) => AvailableIpAddressCount >= count)
  if (subnet?.SubnetId !== undefined) return { vpcId, subnetId: subnet.SubnetId }
  return refusedBy("InsufficientFreeAddressesInSubnet", `no ${kind} of ${zone} has ${count} free addresses`)
}
