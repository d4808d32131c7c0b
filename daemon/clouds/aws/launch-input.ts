/** A request as RunInstances takes it: the same request is the same input, down to its token. Pure. */
import { createHash } from "node:crypto"
import type { RunInstancesCommandInput, TagSpecification } from "@aws-sdk/client-ec2"
import type { NodeToken } from "../../../events/ids.ts"
import { acceleratorText } from "../../../task/accelerators.ts"
import { type DiskTier, diskGibDefault } from "../../../task/disk.ts"
import { awsTagProblem } from "../../catalog/labels.ts"
import { ranksText } from "../../rented/ranks.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import { rootDisk } from "./disk.ts"
import { refusedBy } from "./errors.ts"
import type { Root } from "./images.ts"
import type { Chosen } from "./subnets.ts"
import { ownerTags, tagNames } from "./tags.ts"

const tagMaxChars = 256
/** Before it is packed for the way. */
export const userDataMaxBytes = 16_384

/** A token of EC2's: which ranks were asked for is a part of the request. */
export const clientToken = (token: NodeToken, ranks: ReadonlyArray<number>): string =>
  `${token}-${createHash("sha256").update(ranksText(ranks)).digest("hex").slice(0, 16)}`

export interface Parts {
  readonly request: ProvisionRequest
  readonly root: Root
  readonly subnet: Chosen
  readonly groups: ReadonlyArray<string>
  /** The one of them that goes with the cluster. */
  readonly ownGroup: string | null
  readonly folder: string
  readonly userData: string
  readonly tags: Readonly<Record<string, string>>
  readonly useInternalIps: boolean
}

const tagsOf = ({ folder, ownGroup, request, tags: more }: Parts): Record<string, string> => {
  const { machine = {}, offer, ranks, tags, token } = request
  // An empty one as well: what is not set here anybody's would be believed.
  return {
    ...more,
    ...machine.labels,
    [tagNames.name]: more[tagNames.name] ?? machine.labels?.[tagNames.name] ?? tags.clusterName,
    ...ownerTags(tags),
    [tagNames.token]: token,
    [tagNames.ranks]: ranksText(ranks),
    [tagNames.folder]: folder,
    [tagNames.accelerators]: offer.accelerators === null ? "" : acceleratorText(offer.accelerators),
    [tagNames.group]: ownGroup ?? ""
  }
}

/** One that is ended when AWS wants it back, and by its own shutdown: it cannot be stopped. */
const spot: RunInstancesCommandInput["InstanceMarketOptions"] = {
  MarketType: "spot",
  SpotOptions: { SpotInstanceType: "one-time", InstanceInterruptionBehavior: "terminate" }
}

export const launchInput = (parts: Parts) => {
  const { groups, request, root, subnet, useInternalIps, userData } = parts
  const { machine = {}, offer, ranks, token } = request
  const problem = awsTagProblem({ ...parts.tags, ...machine.labels })
  if (problem !== undefined) return refusedBy("InvalidParameterValue", problem)
  const tags = tagsOf(parts)
  if (tags[tagNames.ranks]!.length > tagMaxChars)
    return refusedBy("InvalidParameterValue", `the ranks ${tags[tagNames.ranks]} are too many to be asked for at once`)
  if (Buffer.byteLength(userData) > userDataMaxBytes)
    return refusedBy("InvalidUserData.Malformed", `what a machine is told as it begins is larger than ${userDataMaxBytes} bytes`)
  if (machine.diskGib !== undefined && machine.diskGib < root.gib)
    return refusedBy("InvalidBlockDeviceMapping", `the image ${root.imageId} needs ${root.gib} GiB, disk_size is ${machine.diskGib}`)
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  const specifications: Array<TagSpecification> = ["instance" as const, "volume" as const].map((ResourceType) => ({ ResourceType, Tags }))
  const gib = Math.max(machine.diskGib ?? diskGibDefault, root.gib)
  return {
    ClientToken: clientToken(token, ranks),
    MinCount: ranks.length,
    MaxCount: ranks.length,
    InstanceType: offer.instanceType as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    ImageId: root.imageId,
    Placement: { AvailabilityZone: offer.zone! },
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet.subnetId,
        Groups: [...groups],
        AssociatePublicIpAddress: !useInternalIps,
        DeleteOnTermination: true
      }
    ],
    BlockDeviceMappings: [{ DeviceName: root.device, Ebs: rootDisk(machine.diskTier as DiskTier | undefined, gib) }],
    UserData: Buffer.from(userData).toString("base64"),
    InstanceInitiatedShutdownBehavior: offer.useSpot ? "terminate" : "stop",
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
    TagSpecifications: specifications,
    ...(offer.useSpot && { InstanceMarketOptions: spot })
  } satisfies RunInstancesCommandInput
}
