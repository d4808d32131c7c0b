/** A job's row as `queue` answers it, with the reason why it waits. Pure. */
import type { JobRow } from "../../projections/jobs.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { acceleratorsOf } from "../../task/alternatives.ts"

/** The queue is strictly first come, first served: a pending job waits for those before it. `earlier`: unfinished ones with smaller ids. */
const waitsFor = (job: JobRow, earlier: ReadonlyArray<JobRow>): string | null => {
  if (job.status !== "PENDING") return job.reason
  const ahead = earlier.filter(({ id }) => id < job.id)
  const [first] = ahead.filter(({ status }) => status === "PENDING")
  if (first !== undefined) return `behind job ${first.id}`
  const running = ahead.filter(({ status }) => status !== "PENDING")
  if (running.length === 0) return null
  const asked = acceleratorsOf(job.task.resources)
  const what = asked === undefined ? "CPUs" : `${asked.name}:${asked.count}`
  return `waiting for ${what} taken by job${running.length === 1 ? "" : "s"} ${running.map(({ id }) => id).join(", ")}`
}

export const jobView = (job: JobRow, cluster: string, unfinished: ReadonlyArray<JobRow>): JobView => ({
  cluster,
  id: job.id,
  name: job.name,
  user: job.user,
  status: job.status,
  reason: waitsFor(job, unfinished),
  submittedAtMs: job.submittedAtMs,
  startedAtMs: job.startedAtMs,
  endedAtMs: job.endedAtMs,
  numNodes: job.numNodes,
  accelerators: acceleratorsOf(job.task.resources) ?? null,
  returnCodes: job.returnCodes,
  logPath: `~/sky_logs/${job.runTimestamp}`
})
