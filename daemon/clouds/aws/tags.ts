/** How what is ours is told on EC2: by tags alone. Pure. */
import type { Instance, Tag } from "@aws-sdk/client-ec2"
import { type ClusterId, type ClusterName, type NodeId, type NodeToken, nodeOf } from "../../../events/ids.ts"
import { type Accelerators, parseAccelerator } from "../../../task/accelerators.ts"
import { cut } from "../../../task/sentence.ts"
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

/** What of an instance tells which node it is. */
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

/** Which tag does not tell which node it is, as the middle of a sentence; null where they do. */
export const oddIn = ({ AmiLaunchIndex = 0, Tags }: Pick<Instance, "AmiLaunchIndex" | "Tags">): string | null => {
  const lost = [tagNames.cluster, tagNames.token, tagNames.ranks].filter((name) => tagIn(Tags, name) === undefined)
  if (lost.length > 0) return `it has lost its tags ${lost.join(", ")}`
  const text = tagIn(Tags, tagNames.ranks)!
  return ranksOf(text)?.[AmiLaunchIndex] === undefined ? `its tag ${tagNames.ranks} is no rank of a cluster's: ${cut(text, 40)}` : null
}

/** Null where its tags do not tell. */
export const labelOf = ({ AmiLaunchIndex = 0, Tags }: Pick<Instance, "AmiLaunchIndex" | "Tags">): Label | null => {
  const of = (name: keyof typeof tagNames) => tagIn(Tags, tagNames[name])
  const [tags, token, ranks] = [ownerOf(Tags), of("token"), ranksOf(of("ranks") ?? "")]
  const rank = ranks?.[AmiLaunchIndex]
  if (tags === null || token === undefined || ranks === null || rank === undefined) return null
  return {
    tags,
    folder: of("folder") ?? "",
    token: token as NodeToken,
    ranks,
    rank,
    node: nodeOf(token as NodeToken, rank),
    group: of("group") || null,
    accelerators: parseAccelerator(of("accelerators") ?? "") ?? null
  }
}
