/** What lies below `nodes/`, by what each folder says of itself. */
import { readdir } from "node:fs/promises"
import type { ClusterId, ClusterName, NodeId } from "../../../events/ids.ts"
import type { Owned } from "../Cloud.ts"
import { buildPrefix, type Places, readIdentity, whyStopped } from "./folder.ts"

/** A folder that does not say whose it is was not made by us, and is left out. */
export const ownedBy = async (at: Places, log: string | null): Promise<ReadonlyArray<Owned>> => {
  const names = (await readdir(at.nodes)).filter((name) => !name.startsWith(buildPrefix)).sort()
  const found = names.map(async (name): Promise<ReadonlyArray<Owned>> => {
    const identity = await readIdentity(at.node(name)).catch(() => null)
    if (identity === null || (log !== null && identity.log !== log)) return []
    const { cluster, clusterName, node, rank, region } = identity
    const tags = { log: identity.log, cluster: cluster as ClusterId, clusterName: clusterName as ClusterName }
    const state = (await whyStopped(at.node(name))) === null ? "running" : "stopped"
    return [{ tags, rank, node: node as NodeId, region, state }]
  })
  return (await Promise.all(found)).flat()
}
