/** Which names ssh should know, from what the log says. Pure. */
import * as HashMap from "effect/HashMap"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import type { Clusters } from "../../projections/clusters.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { cloudOf } from "../clouds/Clouds.ts"

export interface Wish {
  readonly row: ClusterRow
  readonly login: NonNullable<Cloud["login"]>
  readonly nodes: ReadonlyArray<{ readonly name: string; readonly node: NodeRow }>
  /** Another one when the files should be looked at again: a launch and a start do, whatever has changed. */
  readonly key: string
}

/** A cluster's own name comes before a worker of another one. */
const nameOf = ({ name }: ClusterRow, { rank }: NodeRow, { names }: Clusters): string | null => {
  if (rank === 0) return name
  const worker = `${name}-worker${rank}`
  return HashMap.has(names, worker as ClusterRow["name"]) ? null : worker
}

const wishOf = (row: ClusterRow, clusters: Clusters, clouds: ReadonlyMap<string, Cloud>): Wish | null => {
  const login = cloudOf(clouds, row)?.login
  if (login === undefined || row.wanted !== "up") return null
  const nodes = row.nodes.flatMap((node) => {
    const name = node.state === "stopped" || node.hostKey === null ? null : nameOf(row, node, clusters)
    return name === null ? [] : [{ name, node }]
  })
  if (nodes.length === 0) return null
  const asked = row.operations.filter(({ method }) => method === "launch" || method === "start").map(({ id }) => id)
  const seen = nodes.map(({ name, node: { address, host, hostKey, node } }) => [name, node, host, address, hostKey])
  return { row, login, nodes, key: JSON.stringify([row.id, asked, seen]) }
}

export const wishesOf = (clusters: Clusters, clouds: ReadonlyMap<string, Cloud>): ReadonlyArray<Wish> =>
  [...HashMap.values(clusters.rows)].flatMap((row) => wishOf(row, clusters, clouds) ?? [])
