/** How what is ours is told on EC2: by tags alone. Pure. */
import type { Instance, Tag } from "@aws-sdk/client-ec2"
import { type ClusterId, type ClusterName, type NodeId, type NodeToken, nodeOf } from "../../../events/ids.ts"
import { type Accelerators, parseAccelerator } from "../../../task/accelerators.ts"
import { ranksOf } from "../../rented/ranks.ts"
import type { Tags } from "../Cloud.ts"

export const tagNames = {
  log: "skyd-log",
  cluster: "skyd-cluster",
  clusterName: "skyd-cluster-name",
  token: "skyd-token",
  /** Of the launch, by their place in it. */
  ranks: "skyd-ranks",
  /** An id of the state folder, which outlives its log. */
  folder: "skyd-folder",
  /** The security group that is the cluster's own, and goes with it. */
  group: "skyd-group",
  /** Of each machine, as they were offered: `V100:8`. */
  accelerators: "skyd-accelerators",
  /** What people see in the console. */
  name: "Name"
} as const

/** What of an instance tells whose it is; null where it is nobody's of ours. */
export interface Label {
  readonly tags: Tags
  readonly folder: string
  readonly token: NodeToken
  readonly ranks: ReadonlyArray<number>
  readonly rank: number
  readonly node: NodeId
  readonly group: string | null
  readonly accelerators: Accelerators | null
}

export const tagIn = (tags: ReadonlyArray<Tag> | undefined, name: string): string | undefined =>
  tags?.find(({ Key }) => Key === name)?.Value

/** Null where it is no cluster's. */
export const ownerOf = (tags: ReadonlyArray<Tag> | undefined): Tags | null => {
  const [log, cluster] = [tagIn(tags, tagNames.log), tagIn(tags, tagNames.cluster)]
  if (log === undefined || cluster === undefined) return null
  return { log, cluster: cluster as ClusterId, clusterName: (tagIn(tags, tagNames.clusterName) ?? cluster) as ClusterName }
}
/** And back. */
export const ownerTags = ({ cluster, clusterName, log }: Tags): Record<string, string> => ({
  [tagNames.log]: log,
  [tagNames.cluster]: cluster,
  [tagNames.clusterName]: clusterName
})

export const labelOf = ({ AmiLaunchIndex = 0, Tags }: Pick<Instance, "AmiLaunchIndex" | "Tags">): Label | null => {
  const of = (name: keyof typeof tagNames) => tagIn(Tags, tagNames[name])
  const [tags, token, text] = [ownerOf(Tags), of("token"), of("ranks")]
  if (tags === null || token === undefined || text === undefined) return null
  const ranks = ranksOf(text)
  const rank = ranks[AmiLaunchIndex]
  if (rank === undefined) return null
  return {
    tags,
    folder: of("folder") ?? "",
    token: token as NodeToken,
    ranks,
    rank,
    node: nodeOf(token as NodeToken, rank),
    group: of("group") ?? null,
    accelerators: parseAccelerator(of("accelerators") ?? "") ?? null
  }
}
