/** Refusals that several commands share. */
import * as Result from "effect/Result"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf, raisingOf } from "../../projections/cluster-status.ts"
import { ClusterNotUpError, NotSupportedError, ResourcesMismatchError } from "../../sdk/protocol/errors.ts"
import { isControllerName } from "../../task/names.ts"
import { acceleratorsOf } from "../../task/Resources.ts"
import { numNodesOf } from "../../task/Task.ts"

const ago = (fromMs: number, nowMs: number) => `${Math.max(0, Math.round((nowMs - fromMs) / 1000))} s`

export const refuseController = (name: string) =>
  isControllerName(name)
    ? Result.fail(
        new NotSupportedError({
          message: `'${name}' is a name reserved for controllers of managed spot jobs and services, which skyd does not run.`,
          hint: "Choose another name."
        })
      )
    : undefined

export const refuseUnlessUp = (row: ClusterRow, nowMs: number) => {
  const { reason, status } = conditionOf(row)
  if (status === "UP") return undefined
  const ending = refuseWhileEnding(row)
  if (ending !== undefined) return ending
  const raising = raisingOf(row)
  const because =
    raising !== undefined
      ? `a ${raising.method} is in progress since ${ago(raising.sinceMs, nowMs)}`
      : `it is ${status}${reason === null ? "" : ` (${reason})`}`
  const hint = raising !== undefined ? `Watch it: sky status ${row.name}` : `Bring it up: sky start ${row.name}`
  return Result.fail(
    new ClusterNotUpError({ cluster: row.name, clusterStatus: status, message: `${row.name} is not UP: ${because}.`, hint })
  )
}

/** While a stop or a down goes on, nothing can be built on the cluster. */
export const refuseWhileEnding = (row: ClusterRow) => {
  if (row.wanted === "up" || row.concluded) return undefined
  const doing = row.wanted === "gone" ? "torn down" : "stopped"
  return Result.fail(
    new ClusterNotUpError({
      cluster: row.name,
      clusterStatus: "INIT",
      message: `${row.name} is being ${doing}${row.wantedReason === null ? "" : ` by autostop: ${row.wantedReason}`}.`,
      hint: `Try again when it is ${row.wanted === "gone" ? "gone" : "STOPPED"}: sky status ${row.name}`
    })
  )
}

/** Whether the cluster can ever give what the task asks of it. cpus and memory do not count (SkyPilot's `less_demanding_than`). */
export const refuseMisfit = (row: ClusterRow, task: RecordedTask) => {
  const asked = acceleratorsOf(task.resources ?? undefined)
  const has = row.offer?.accelerators ?? null
  const misfit = (wanted: string, existing: string) =>
    Result.fail(
      new ResourcesMismatchError({
        message: `The task does not fit ${row.name}: requested ${wanted}, existing ${existing}.`,
        hint: `Launch another cluster (sky launch -c NAME), or end this one first: sky down ${row.name}`
      })
    )
  const nodes = numNodesOf(task)
  if (nodes > row.numNodes) return misfit(`${nodes} nodes`, `${row.numNodes}`)
  if (asked === undefined) return undefined
  const fits = has !== null && has.name.toLowerCase() === asked.name.toLowerCase() && has.count >= asked.count
  return fits ? undefined : misfit(`${asked.name}:${asked.count} on each node`, has === null ? "none" : `${has.name}:${has.count}`)
}
