/** Decides whether a cluster is to be torn down. Possible in every state. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Down } from "../../sdk/protocol/down.ts"
import { refuseController } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, onCluster } from "./decision.ts"
import { supersede } from "./supersede.ts"

export const down = (row: ClusterRow | undefined, params: Down, context: Context): Decided => {
  const refusal = refuseController(params.clusterName)
  if (refusal !== undefined) return refusal
  if (row === undefined) return noSuchCluster(params.clusterName)
  return onCluster(row, context, [
    ...supersede(row, "launch exec start stop autostop", "down"),
    { _tag: "DownRequested", cluster: row.id, purge: params.purge ?? false, lastUse: params.lastUse ?? "" }
  ])
}
