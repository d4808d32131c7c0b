/** An operation's row as `ops` answers it. Pure. */
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf, workOf } from "../../projections/cluster-status.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { OperationRow } from "../../projections/operations.ts"
import type { OperationView } from "../../sdk/protocol/rows.ts"
import type { World } from "../World.ts"

/** The work on a cluster that an operation waits for, in its order. */
export const beforeIt = (cluster: ClusterRow, operation: string): ReadonlyArray<ActiveOperation> => {
  const work = workOf(cluster)
  const own = work.find(({ id }) => id === operation)
  return own === undefined ? [] : work.filter(({ seq }) => seq < own.seq)
}

const detailOf = (row: OperationRow, world: World): string | null => {
  switch (row.outcome._tag) {
    case "running": {
      const cluster = row.cluster === undefined ? undefined : rowOf(world.clusters, row.cluster)
      if (cluster === undefined) return null
      const ahead = beforeIt(cluster, row.id).length
      return ahead > 0 ? `waits for ${ahead} before it` : conditionOf(cluster).reason
    }
    case "failed":
      return row.outcome.error.message
    case "cancelled":
      return row.outcome.reason
    default:
      return null
  }
}

export const operationView = (row: OperationRow, world: World): OperationView => ({
  id: row.id,
  method: row.method,
  cluster: row.clusterName,
  status: row.outcome._tag,
  detail: detailOf(row, world),
  requestedAtMs: row.requestedAtMs,
  endedAtMs: row.endedAtMs
})
