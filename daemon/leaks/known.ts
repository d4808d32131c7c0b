/** Whose a thing is, by the log alone. Pure. */
import * as HashMap from "effect/HashMap"
import { tokenOf } from "../../events/ids.ts"
import { type Clusters, logOf, rowOf } from "../../projections/clusters.ts"
import type { NodeRef } from "../clouds/Cloud.ts"
import type { IsHad } from "../clouds/OwnMachine.ts"
import type { KnownNodes } from "../clouds/Remnant.ts"
import type { World } from "../World.ts"
import { type Held, isNode } from "./Leak.ts"

const hosted = ({ host }: { readonly host: string | null }) => host !== null

/** Nodes that the log has by what the cloud calls them: of its clusters, and given up on. */
export const nodesIn = (clusters: Clusters, cloud: string): KnownNodes => {
  const had = [...HashMap.values(clusters.rows)].filter(({ offer }) => offer?.cloud === cloud)
  const dropped = [...HashMap.values(clusters.abandoned)].filter((one) => one.cloud === cloud && hosted(one))
  return {
    had: had.flatMap(({ id: cluster, log, name: clusterName, nodes, offer }) =>
      nodes.filter(hosted).map(({ address, host, hostKey, node, rank }): NodeRef => {
        const tags = { log: logOf(clusters, { log }), cluster, clusterName }
        return { tags, rank, node, address, host, hostKey, region: offer!.region, zone: offer!.zone }
      })
    ),
    dropped: dropped.map(({ address, cluster, clusterName, host, hostKey, log, node, rank, region, zone }): NodeRef => {
      const tags = { log: logOf(clusters, { log }), cluster, clusterName }
      return { tags, rank, node, address, host, hostKey, region, zone }
    })
  }
}

/** Whether this log's daemon gave up on it, whichever log its tags are of. */
export const isDropped = ({ abandoned }: Clusters, held: Held): boolean =>
  [...HashMap.values(abandoned)].some((one) => one.cloud === held.cloud && hosted(one) && isNode(held, one))

/** Machines of the user's own that hold a node which the log knows. */
export const hadIn = ({ rows }: Clusters): IsHad => {
  const had = new Set(
    [...HashMap.values(rows)].flatMap(({ nodes, offer }) => nodes.map(({ host }) => JSON.stringify([offer?.region, host])))
  )
  return ({ host, region }) => had.has(JSON.stringify([region, host]))
}

/** Whatever its tags have come to say: it is a node by what its cloud calls it. */
export const isNodeOfAny = ({ rows }: Clusters, held: Held): boolean =>
  held.thing.kind === "machine" &&
  held.thing.host !== null &&
  [...HashMap.values(rows)].some(
    ({ nodes, offer }) => offer?.cloud === held.cloud && nodes.some((node) => node.host !== null && isNode(held, node))
  )

/** What a live cluster has, or has asked for: a launch that is under way has its token in the log before its machines. */
export const isKept = ({ clusters }: World, held: Held): boolean => {
  const { thing } = held
  if (isNodeOfAny(clusters, held)) return true
  const row = rowOf(clusters, thing.tags.cluster)
  if (row === undefined || logOf(clusters, row) !== thing.tags.log) return false
  // What its disk was copied by is of use until its machine is there.
  if (thing.kind !== "machine") return thing.isCopy !== true || row.pending.length > 0 || row.nodes.length === 0
  return row.nodes.some((one) => isNode(held, one)) || row.pending.some(({ token }) => token === tokenOf(thing.node))
}

/** Whether any cluster of the log was ever there: of the last thousand that are gone, that is. */
export const wasUsed = ({ clusters, costs }: World, cloud: string): boolean =>
  [...HashMap.values(clusters.rows), ...HashMap.values(costs.rows), ...HashMap.values(costs.refused)].some(
    ({ offer }) => offer?.cloud === cloud
  )
