/** A job's row as `queue` answers it, with the reason why it waits. Pure. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import type { JobRow } from "../../projections/jobs.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { acceleratorText } from "../../task/accelerators.ts"
import { acceleratorsOf } from "../../task/alternatives.ts"

/** Nothing starts on a cluster whose nodes do not answer; one that is brought up or down says so itself. */
const awayOf = (row: ClusterRow): string | null => {
  const { phase, reason, status } = conditionOf(row)
  return status === "INIT" && phase === null ? reason : null
}

/** The queue is strictly first come, first served: a pending job waits for those before it. `earlier`: unfinished ones with smaller ids. */
const waitsFor = (job: JobRow, earlier: ReadonlyArray<JobRow>): string | null => {
  const ahead = earlier.filter(({ id }) => id < job.id)
  const [first] = ahead.filter(({ status }) => status === "PENDING")
  if (first !== undefined) return `behind job ${first.id}`
  const running = ahead.filter(({ status }) => status !== "PENDING")
  if (running.length === 0) return null
  const asked = acceleratorsOf(job.task.resources)
  const what = asked === undefined ? "CPUs" : acceleratorText(asked)
  return `waiting for ${what} taken by job${running.length === 1 ? "" : "s"} ${running.map(({ id }) => id).join(", ")}`
}

export const jobView = (job: JobRow, row: ClusterRow, unfinished: ReadonlyArray<JobRow>): JobView => ({
  cluster: row.name,
  id: job.id,
  name: job.name,
  user: job.user,
  status: job.status,
  reason: job.status === "PENDING" ? (awayOf(row) ?? waitsFor(job, unfinished)) : job.reason,
  submittedAtMs: job.submittedAtMs,
  startedAtMs: job.startedAtMs,
  endedAtMs: job.endedAtMs,
  numNodes: job.numNodes,
  accelerators: acceleratorsOf(job.task.resources) ?? null,
  returnCodes: job.returnCodes,
  logPath: `~/sky_logs/${job.runTimestamp}`
})
