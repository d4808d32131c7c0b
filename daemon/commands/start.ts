/** Decides whether a cluster is to be brought back. On one that is UP it does nothing. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { ValueError } from "../../sdk/protocol/errors.ts"
import type { Start } from "../../sdk/protocol/start.ts"
import { armedMinutes } from "../../task/autostop.ts"
import { isControllerName } from "../../task/names.ts"
import { refuseWhileEnding, reservedName } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, nothingToDo, onCluster } from "./decision.ts"
import { cannotAutostop, cannotStart, type LackOf } from "./features.ts"

export const start = (row: ClusterRow | undefined, params: Start, lackOf: LackOf, context: Context): Decided => {
  const minutes = params.idleMinutesToAutostop ?? null
  const down = params.down ?? false
  if (down && minutes === null) {
    return Result.fail(
      new ValueError({ message: "down needs the idle minutes after which to tear down.", hint: "Say them as idleMinutesToAutostop." })
    )
  }
  if (isControllerName(params.clusterName)) return Result.fail(new ValueError(reservedName(params.clusterName)))
  if (row === undefined) return noSuchCluster(params.clusterName)
  const ending = refuseWhileEnding(row)
  if (ending !== undefined) return ending
  if (statusOf(row) === "UP" && !(params.force ?? false)) return nothingToDo({})
  const [restart, stop] = [statusOf(row) === "STOPPED" ? lackOf("RESTART") : null, minutes !== null && !down ? lackOf("STOP") : null]
  if (restart !== null) return Result.fail(cannotStart(row.name, restart))
  if (stop !== null) return Result.fail(cannotAutostop(row.name, stop, `sky start -i ${minutes} --down ${row.name}`))
  const requested: Event = {
    _tag: "StartRequested",
    cluster: row.id,
    idleMinutes: minutes,
    down,
    force: params.force ?? false,
    retryUntilUp: params.retryUntilUp ?? false,
    lastUse: params.lastUse ?? ""
  }
  const idleMinutes = armedMinutes({ idleMinutesToAutostop: minutes })
  return onCluster(
    row,
    context,
    idleMinutes === null ? [requested] : [requested, { _tag: "AutostopSet", cluster: row.id, idleMinutes, down }]
  )
}
