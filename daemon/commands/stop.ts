/** Decides whether a cluster is to be stopped. Whatever else is being done to it ends first. */
import * as Result from "effect/Result"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import type { Stop } from "../../sdk/protocol/stop.ts"
import { refuseController, refuseWhileEnding } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, nothingToDo, onCluster } from "./decision.ts"
import { cannotStop, type LackOf } from "./features.ts"
import { supersede } from "./supersede.ts"

export const stop = (row: ClusterRow | undefined, params: Stop, lackOf: LackOf, context: Context): Decided => {
  const refusal = refuseController(params.clusterName)
  if (refusal !== undefined) return refusal
  if (row === undefined) return noSuchCluster(params.clusterName)
  if (row.wanted === "gone") return refuseWhileEnding(row) ?? noSuchCluster(params.clusterName)
  if (statusOf(row) === "STOPPED") return nothingToDo({})
  const lack = lackOf("STOP")
  if (lack !== null) return Result.fail(cannotStop(row.name, lack))
  const purge = params.purge ?? false
  return onCluster(row, context, [
    ...supersede(row, "launch exec start", "stop"),
    { _tag: "StopRequested", cluster: row.id, purge, lastUse: params.lastUse ?? "" }
  ])
}
