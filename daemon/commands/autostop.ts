/** Decides on a new autostop setting. It ends when the head's agent holds it. */
import * as Result from "effect/Result"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Autostop } from "../../sdk/protocol/autostop.ts"
import { refuseController, refuseUnlessUp } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, onCluster } from "./decision.ts"
import { cannotAutostop, type LackOf } from "./features.ts"

export const autostop = (row: ClusterRow | undefined, params: Autostop, lackOf: LackOf, context: Context): Decided => {
  const refusal = refuseController(params.clusterName)
  if (refusal !== undefined) return refusal
  if (row === undefined) return noSuchCluster(params.clusterName)
  const notUp = refuseUnlessUp(row, context.nowMs)
  if (notUp !== undefined) return notUp
  const idleMinutes = Math.max(-1, params.idleMinutes)
  const down = (params.down ?? false) && idleMinutes >= 0
  const lack = idleMinutes >= 0 && !down ? lackOf("STOP") : null
  if (lack !== null) return Result.fail(cannotAutostop(row.name, lack, `sky autostop -i ${idleMinutes} --down ${row.name}`))
  return onCluster(row, context, [{ _tag: "AutostopSet", cluster: row.id, idleMinutes, down }])
}
