/** The facts that make a task a job in a cluster's queue. */
import type { JobId } from "../../events/ids.ts"
import { JobId as JobIds } from "../../events/ids.ts"
import type { JobSubmitted } from "../../events/job.ts"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { placedNeed } from "../../task/placed.ts"
import { numNodesOf } from "../../task/Task.ts"

/**
 * `sky-YYYY-MM-DD-HH-MM-SS-ffffff`, in UTC so that it means the same everywhere. It names a folder, so jobs of the same millisecond
 * differ in the microseconds, which are their number.
 */
export const runTimestampOf = (atMs: number, job = 0): string => {
  const [seconds = "", millis = ""] = new Date(atMs).toISOString().slice(0, -1).split(".")
  return `sky-${seconds.replace(/[T:]/g, "-")}-${millis}${String(job % 1000).padStart(3, "0")}`
}

export const nextJobOf = (row: ClusterRow): JobId => JobIds.make(row.lastJob + 1)

/** A job runs on what the cluster is: of several requests, the one that was met. */
const onNodesOf = (row: ClusterRow, task: RecordedTask): RecordedTask =>
  alternativesOf(task.resources).kind === "one" ? task : { ...task, resources: placedNeed(task.resources, row.offer) }

export const jobSubmitted = (
  row: ClusterRow,
  job: JobId,
  task: RecordedTask,
  how: { readonly withSetup: boolean; readonly user: string; readonly nowMs: number }
): typeof JobSubmitted.Type => ({
  _tag: "JobSubmitted",
  cluster: row.id,
  job,
  task: onNodesOf(row, task),
  numNodes: numNodesOf(task),
  withSetup: how.withSetup,
  user: how.user,
  runTimestamp: runTimestampOf(how.nowMs, job)
})
