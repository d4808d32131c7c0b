/** An operation's row as `ops` answers it. Pure. */
import { conditionOf } from "../../projections/cluster-status.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { OperationRow } from "../../projections/operations.ts"
import type { OperationView } from "../../sdk/protocol/rows.ts"
import type { World } from "../World.ts"

const detailOf = (row: OperationRow, world: World): string | null => {
  switch (row.outcome._tag) {
    case "running": {
      const cluster = row.cluster === undefined ? undefined : rowOf(world.clusters, row.cluster)
      if (cluster === undefined) return null
      const ahead = cluster.operations.findIndex(({ id }) => id === row.id)
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
