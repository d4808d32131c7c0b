/** Decides whether a task may run on a cluster as it is. Without a workdir the job is submitted in the same breath. */
import type { Event } from "../../events/Event.ts"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { hasRun } from "../../task/Task.ts"
import { refuseController, refuseMisfit, refuseUnlessUp } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, onCluster } from "./decision.ts"
import { refuseClosedPorts } from "./of-machines.ts"
import { jobSubmitted, nextJobOf } from "./submission.ts"

interface ExecWish {
  readonly name: string
  readonly task: RecordedTask
  readonly down: boolean
  readonly lastUse: string
}

/** Autodown after one idle minute, once the job is submitted (contract, D03). */
export const autodown = (cluster: ClusterRow["id"]): Event => ({ _tag: "AutostopSet", cluster, idleMinutes: 1, down: true })

export const exec = (row: ClusterRow | undefined, { down, lastUse, name, task }: ExecWish, context: Context): Decided => {
  const refusal =
    refuseController(name) ??
    (row === undefined
      ? noSuchCluster(name)
      : (refuseUnlessUp(row, context.nowMs) ?? refuseMisfit(row, task) ?? refuseClosedPorts(row, task)))
  if (refusal !== undefined || row === undefined) return refusal ?? noSuchCluster(name)
  const requested: Event = { _tag: "ExecRequested", cluster: row.id, task, down, lastUse }
  if (typeof task.workdir === "string") return onCluster(row, context, [requested])
  const job = hasRun(task) ? nextJobOf(row) : null
  const ending: Event = { _tag: "OperationSucceeded", result: { jobId: job } }
  const submitted: ReadonlyArray<Event> =
    job === null ? [] : [jobSubmitted(row, job, task, { withSetup: false, user: context.user, nowMs: context.nowMs })]
  return onCluster(row, context, [requested, ...submitted, ...(down ? [autodown(row.id)] : []), ending])
}
