/**
 * How what is ours is called and told on Compute Engine: names that follow from the request, labels that a list can be asked by, and
 * metadata for what labels cannot hold. Pure.
 */
import { createHash } from "node:crypto"
import { type ClusterId, type ClusterName, type NodeId, type NodeToken, nodeOf } from "../../../events/ids.ts"
import { type Accelerators, acceleratorText, parseAccelerator } from "../../../task/accelerators.ts"
import type { Tags } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Instance } from "./api.ts"

export const labelNames = {
  log: "skyd-log",
  cluster: "skyd-cluster",
  token: "skyd-token",
  /** An id of the state folder, which outlives its log. */
  folder: "skyd-folder",
  /** Whether a shutdown of its own is its end. */
  ends: "skyd-ends"
} as const
const metadataNames = {
  clusterName: "skyd-cluster-name",
  /** Of each machine, as they were offered: `V100:8`. */
  accelerators: "skyd-accelerators"
} as const

/** Labels are of small letters; ids are of large ones. */
export const asLabel = (id: string): string => id.toLowerCase()
const ofLabel = (label: string): string => label.toUpperCase()

const clusterMaxChars = 36
const tokenChars = 10

/** The same whenever it is asked for: no second machine can have it. */
export const instanceName = (clusterName: string, token: NodeToken, rank: number): string => {
  const slug = clusterName
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, clusterMaxChars)
    .replace(/^[^a-z]+|-+$/g, "")
  return `${slug || "skyd"}-${token.slice(-tokenChars).toLowerCase()}-${rank}`
}
/** Whether a machine of this name is the one that was asked for, whatever its cluster is called by now. */
export const isNameOf = (name: string, token: NodeToken, rank: number): boolean =>
  name.endsWith(`-${token.slice(-tokenChars).toLowerCase()}-${rank}`)

/** An id of a request as the API takes it, the same one for the same text. */
export const requestIdOf = (text: string): string => {
  const hex = createHash("sha256").update(text).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-")
}

/** Of the rule that opens a cluster's ports, and of the tag that its machines have for it. */
export const portsName = (cluster: ClusterId): string => `skyd-ports-${cluster.toLowerCase()}`

/** What labels say of an owner, though not all of them may be left. */
export const ownerIn = (labels: Readonly<Record<string, string>>): Partial<Pick<Tags, "cluster" | "log">> => {
  const [log, cluster] = [labels[labelNames.log], labels[labelNames.cluster]]
  return { ...(log !== undefined && { log: ofLabel(log) }), ...(cluster !== undefined && { cluster: ofLabel(cluster) as ClusterId }) }
}

/** Whose a thing is by its labels; null where it is nobody's of ours. Its cluster's name stands elsewhere. */
export const ownerOf = (labels: Readonly<Record<string, string>>): Tags | null => {
  const { cluster, log } = ownerIn(labels)
  return log === undefined || cluster === undefined ? null : { log, cluster, clusterName: cluster as string as ClusterName }
}

/** And back. */
export const ownerLabels = ({ cluster, log }: Tags): Record<string, string> => ({
  [labelNames.log]: asLabel(log),
  [labelNames.cluster]: asLabel(cluster)
})

/** Until it is told otherwise it stays: set from the beginning, it is nobody else's word. */
export const endsAs = (down: boolean): string => (down ? "down" : "stop")

export const labelsOf = ({ tags, token }: ProvisionRequest, folder: string): Record<string, string> => ({
  ...ownerLabels(tags),
  [labelNames.token]: asLabel(token),
  [labelNames.folder]: asLabel(folder),
  [labelNames.ends]: endsAs(false)
})
export const metadataOf = ({ offer, tags }: ProvisionRequest): Record<string, string> => ({
  [metadataNames.clusterName]: tags.clusterName,
  ...(offer.accelerators !== null && {
    [metadataNames.accelerators]: acceleratorText(offer.accelerators)
  })
})

/** What of an instance tells whose it is; null where it is nobody's of ours. */
export interface Label {
  readonly tags: Tags
  readonly folder: string
  readonly token: NodeToken
  readonly rank: number
  readonly node: NodeId
  readonly accelerators: Accelerators | null
  readonly endsItself: boolean
}

/** Rules have no labels: what stands there for people to read tells whose they are. */
export const ruleWords = ({ cluster, clusterName, log }: Tags): string =>
  `skyd: open ports of ${clusterName} (cluster ${cluster}, log ${log})`
export const ownerInRule = (words: string): Tags | null => {
  const [, clusterName, cluster, log] = /^skyd: open ports of (\S+) \(cluster (\w+), log (\w+)\)$/.exec(words) ?? []
  if (clusterName === undefined) return null
  return { log: log!, cluster: cluster as ClusterId, clusterName: clusterName as ClusterName }
}

const metadataItem = ({ metadata }: Instance, key: keyof typeof metadataNames) =>
  metadata?.items?.find((item) => item.key === metadataNames[key])?.value ?? undefined
export const acceleratorsOf = (instance: Instance): Accelerators | null =>
  parseAccelerator(metadataItem(instance, "accelerators") ?? "") ?? null
/** `inForce`: whether it does as far as the log knows, for where its labels do not say so. */
export const endsItself = ({ labels }: Instance, inForce = false): boolean =>
  (labels?.[labelNames.ends] ?? (inForce ? "down" : "stop")) === "down"

export const labelOf = (instance: Instance): Label | null => {
  const labels = instance.labels ?? {}
  const owner = ownerOf(labels)
  const token = labels[labelNames.token]
  const rank = Number(/-(\d+)$/.exec(instance.name ?? "")?.[1] ?? Number.NaN)
  if (owner === null || token === undefined || Number.isNaN(rank)) return null
  return {
    tags: { ...owner, clusterName: (metadataItem(instance, "clusterName") ?? owner.clusterName) as ClusterName },
    folder: ofLabel(labels[labelNames.folder] ?? ""),
    token: ofLabel(token) as NodeToken,
    rank,
    node: nodeOf(ofLabel(token) as NodeToken, rank),
    accelerators: acceleratorsOf(instance),
    endsItself: endsItself(instance)
  }
}
