/** The facts of a launch's and an exec's last steps. Pure. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { JobId, OperationId } from "../../events/ids.ts"
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { CommandError, recordError } from "../../sdk/protocol/errors.ts"
import { hasRun, hasSetup } from "../../task/Task.ts"
import { refuseMisfit } from "../commands/checks.ts"
import { autodown } from "../commands/exec.ts"
import { jobSubmitted, nextJobOf } from "../commands/submission.ts"
import { autodownOf } from "./autodown-of.ts"
import { decided, type Facts } from "./facts.ts"

export const activeOf = (row: ClusterRow, id: OperationId): ActiveOperation | undefined => row.operations.find((active) => active.id === id)

/** Setup has succeeded: only now is a wanted autodown more than an autostop. */
const settle = (row: ClusterRow, { request }: ActiveOperation): ReadonlyArray<Event> => {
  if (request?._tag === "ExecRequested") return request.down ? [autodown(row.id)] : []
  if (request?._tag !== "LaunchRequested") return []
  return autodownOf(row, request)
}

/** What is decided in one breath with a submission. */
export const submitted = (row: ClusterRow, active: ActiveOperation, jobId: JobId | null): ReadonlyArray<Event> => [
  ...settle(row, active),
  { _tag: "OperationSucceeded", result: { jobId } }
]

export const submit = (row: ClusterRow, active: ActiveOperation, how: { readonly nowMs: number; readonly user: string }): Facts => {
  const { request } = active
  if (request?._tag !== "LaunchRequested" && request?._tag !== "ExecRequested") return decided(active.id, [])
  const job = hasRun(request.task) ? nextJobOf(row) : null
  const withSetup = request._tag === "LaunchRequested" && request.detachSetup && !request.noSetup && hasSetup(request.task)
  return decided(active.id, [
    ...(job === null ? [] : [jobSubmitted(row, job, request.task, { withSetup, ...how })]),
    ...submitted(row, active, job)
  ])
}

/** It waited for a cluster that then went where its task does not fit. */
export const failMisfit = (row: ClusterRow, { id, request }: ActiveOperation): Facts => {
  const misfit = request?._tag === "LaunchRequested" ? refuseMisfit(row, request.task) : undefined
  const isMisfit = misfit !== undefined && Result.isFailure(misfit)
  return decided(id, isMisfit ? [{ _tag: "OperationFailed", error: recordError(misfit.failure) }] : [])
}

/** The cluster stays as it is, for a look at what went wrong (contract, launch-21 and launch-49). */
export const failSetup = (row: ClusterRow, active: ActiveOperation): Facts => {
  if (typeof active.setup === "string") return decided(active.id, [])
  const { failedRank, lastLines, reason, returnCodes } = active.setup
  const where = row.numNodes > 1 && failedRank !== null ? ` on rank ${failedRank}` : ""
  const error = new CommandError({
    message: `setup failed${where}: ${reason ?? `exit ${returnCodes[failedRank ?? 0] ?? 1}`}.`,
    hint: `${row.name} stays UP. Mend setup and launch again; to end it: sky down ${row.name}`,
    returncode: returnCodes[failedRank ?? 0] ?? 1,
    command: "setup",
    detailedReason: lastLines.length === 0 ? null : lastLines.join("\n")
  })
  return decided(active.id, [{ _tag: "OperationFailed", error: recordError(error) }])
}
