/** Something that a cloud holds under tags of a log, and that no cluster has. */
import type { ClusterName } from "../../events/ids.ts"
import type { Owned } from "../clouds/Cloud.ts"
import type { Remnant } from "../clouds/Remnant.ts"

export interface Held {
  readonly cloud: string
  /** As people call it there. */
  readonly id: string
  readonly thing: (Owned & { readonly kind: "machine" }) | Remnant
}

export interface Leak extends Held {
  /** This log's: it has made it, or given up on it. */
  readonly isOurs: boolean
  /** Why it is one, as the middle of a sentence. */
  readonly reason: string
}

export const heldMachine = (cloud: string, machine: Owned): Held => ({
  cloud,
  id: cloud === "ssh" ? `${machine.region}/${machine.host}` : (machine.host ?? machine.node),
  thing: { ...machine, kind: "machine" }
})

interface Node {
  readonly node: string
  readonly host?: string | null | undefined
}

/**
 * Whether a machine is the node: its cloud's own name for it goes before what its tags say, which may be lost, or copied to a second
 * machine. The user's own machines are renamed by the user.
 */
export const isNode = ({ cloud, thing }: Held, { host = null, node }: Node): boolean => {
  if (thing.kind !== "machine") return false
  return cloud === "ssh" || host === null || thing.host === null ? node === thing.node : host === thing.host
}

/**
 * All of one cluster. Where a cloud has no room for its name it tells the id in its place: then it is the one that the log has (`told`), or
 * that another thing of the cluster carries.
 */
export const withName = (held: ReadonlyArray<Held>, told: ClusterName | undefined): ReadonlyArray<Held> => {
  const isNamed = ({ thing: { tags } }: Held) => (tags.clusterName as string) !== tags.cluster
  const clusterName = told ?? held.find(isNamed)?.thing.tags.clusterName
  if (clusterName === undefined) return held
  return held.map((one) => (isNamed(one) ? one : { ...one, thing: { ...one.thing, tags: { ...one.thing.tags, clusterName } } }))
}

/** By its own name, that of its cluster, or the cluster's id. */
export const isCalled = ({ id, thing: { tags } }: Held, name: string) => name === id || name === tags.clusterName || name === tags.cluster
