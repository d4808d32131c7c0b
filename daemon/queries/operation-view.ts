/** An operation's row as `ops` answers it. Pure. */
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { type Condition, conditionOf, workOf } from "../../projections/cluster-status.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { OperationRow } from "../../projections/operations.ts"
import type { OperationView } from "../../sdk/protocol/rows.ts"
import { plural } from "../../task/plural.ts"
import { type Passing, waitText } from "../requests/Ongoing.ts"
import type { World } from "../World.ts"

/** The work on a cluster that an operation waits for, in its order. */
export const beforeIt = (cluster: ClusterRow, operation: string): ReadonlyArray<ActiveOperation> => {
  const work = workOf(cluster)
  const own = work.find(({ id }) => id === operation)
  return own === undefined ? [] : work.filter(({ seq }) => seq < own.seq)
}

/** What its step says of itself just now is more than facts tell: which machine is waited for, what that answers, and since when. */
export const reasonOf = ({ phase, reason }: Condition, nowMs: number, said: Passing | undefined): string | null => {
  if (said?.sinceMs === undefined || (said.phase !== phase && said.phase !== "queued")) return reason
  return `${said.phase === "queued" ? "waits " : ""}${waitText(said, nowMs - said.sinceMs)}`
}

const detailOf = (row: OperationRow, world: World, nowMs: number, said?: Passing): string | null => {
  switch (row.outcome._tag) {
    case "running": {
      const cluster = row.cluster === undefined ? undefined : rowOf(world.clusters, row.cluster)
      if (cluster === undefined) return null
      const ahead = beforeIt(cluster, row.id).length
      return ahead > 0 ? `waits for ${ahead} before it` : reasonOf(conditionOf(cluster, nowMs), nowMs, said)
    }
    case "failed":
      return row.outcome.error.message
    case "cancelled":
      return row.outcome.reason
    default:
      return null
  }
}

/** What an operation that was cancelled leaves running, and may cost: what it had done stays done. */
export const leftOf = (cluster: ClusterRow | undefined): string | null => {
  if (cluster === undefined || cluster.wanted !== "up") return null
  const { name, nodes, offer, pending } = cluster
  const running = nodes.filter(({ state }) => state !== "stopped").length
  const asked = pending.reduce((sum, { ranks }) => sum + ranks.length, 0)
  if (running + asked === 0) return null
  const usd = (running + asked) * (offer?.usdPerHour ?? 0)
  const price = usd === 0 ? "" : `, $${usd.toFixed(2)} an hour`
  const more = asked === 0 ? "" : `${running === 0 ? "" : " and "}may still get ${plural(asked, "node")}`
  return `${name} ${running === 0 ? "" : `keeps ${plural(running, "node")}`}${more}${price}. To end it: sky down ${name}`
}

export const operationView = (row: OperationRow, world: World, nowMs: number, said?: Passing): OperationView => ({
  id: row.id,
  method: row.method,
  cluster: row.clusterName,
  status: row.outcome._tag,
  detail: detailOf(row, world, nowMs, said),
  requestedAtMs: row.requestedAtMs,
  endedAtMs: row.endedAtMs
})
