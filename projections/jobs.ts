/**
 * The jobs of live clusters. A job that ended once stays as it ended, whatever is read later. One that its node tells of and that was
 * never submitted here has a row too, of what the node tells: the log was put back from an older backup.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { ClusterId, JobId, NodeId, OperationId } from "../events/ids.ts"
import type { JobClosed, JobEnded, JobSettingUp, JobStarted } from "../events/job.ts"
import type { Recorded } from "../events/Recorded.ts"
import type { RecordedTask } from "../events/values.ts"
import type { Projection } from "./Projection.ts"

type JobStatus = "PENDING" | "SETTING_UP" | "RUNNING" | "SUCCEEDED" | "FAILED" | "FAILED_SETUP" | "CANCELLED"

export interface JobRow {
  readonly cluster: ClusterId
  readonly id: JobId
  readonly name: string | null
  readonly user: string
  readonly task: RecordedTask
  readonly numNodes: number
  readonly withSetup: boolean
  readonly runTimestamp: string
  readonly operation: OperationId | null
  readonly status: JobStatus
  readonly cancelRequested: boolean
  /** It was open when the log was imported: its node may have it, and who has not is not to begin it. */
  readonly isImported: boolean
  readonly submittedAtMs: number
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly ranks: ReadonlyArray<{ readonly rank: number; readonly node: NodeId; readonly nodeRank: number; readonly pid: number }>
  readonly returnCodes: ReadonlyArray<number>
  readonly reason: string | null
}

interface ClusterJobs {
  readonly rows: HashMap.HashMap<JobId, JobRow>
  /** Those that a node may still work on, oldest first: asked for on each event, so never searched for. */
  readonly open: ReadonlyArray<JobId>
}
export type Jobs = HashMap.HashMap<ClusterId, ClusterJobs>

export const isOver = ({ status }: { readonly status: JobStatus }): boolean =>
  status !== "PENDING" && status !== "SETTING_UP" && status !== "RUNNING"

const none: ClusterJobs = { rows: HashMap.empty(), open: [] }
const ownOf = (jobs: Jobs, cluster: ClusterId): ClusterJobs => Option.getOrElse(HashMap.get(jobs, cluster), () => none)

export const jobOf = (jobs: Jobs, cluster: ClusterId, job: number): JobRow | undefined =>
  Option.getOrUndefined(HashMap.get(ownOf(jobs, cluster).rows, job as JobId))

/** Of one cluster, oldest first. */
export const jobsOf = (jobs: Jobs, cluster: ClusterId): ReadonlyArray<JobRow> =>
  [...HashMap.values(ownOf(jobs, cluster).rows)].sort((a, b) => a.id - b.id)

export const unfinishedOf = (jobs: Jobs, cluster: ClusterId): ReadonlyArray<JobRow> =>
  ownOf(jobs, cluster).open.map((job) => jobOf(jobs, cluster, job)!)

type Observed = typeof JobSettingUp.Type | typeof JobStarted.Type | typeof JobEnded.Type

const unknown = (event: Observed): JobRow => ({
  cluster: event.cluster,
  id: event.job,
  name: null,
  user: "",
  task: {},
  numNodes: event._tag === "JobStarted" ? event.ranks.length : 1,
  withSetup: false,
  runTimestamp: "",
  operation: null,
  status: "PENDING",
  cancelRequested: false,
  isImported: false,
  submittedAtMs: event.observedAtMs,
  startedAtMs: null,
  endedAtMs: null,
  ranks: [],
  returnCodes: [],
  reason: null
})

const observed = (jobs: Jobs, event: Observed, to: (row: JobRow) => JobRow): Jobs => {
  const { cluster, job } = event
  const known = jobOf(jobs, cluster, job) !== undefined
  return change(known ? jobs : add(jobs, unknown(event)), cluster, job, to)
}

const add = (jobs: Jobs, row: JobRow): Jobs => {
  const { open, rows } = ownOf(jobs, row.cluster)
  return HashMap.set(jobs, row.cluster, { rows: HashMap.set(rows, row.id, row), open: [...open.filter((id) => id !== row.id), row.id] })
}

const change = (jobs: Jobs, cluster: ClusterId, job: JobId, to: (row: JobRow) => JobRow): Jobs => {
  const before = jobOf(jobs, cluster, job)
  if (before === undefined || isOver(before)) return jobs
  const after = to(before)
  const { open, rows } = ownOf(jobs, cluster)
  return HashMap.set(jobs, cluster, { rows: HashMap.set(rows, job, after), open: isOver(after) ? open.filter((id) => id !== job) : open })
}

const end =
  ({ reason, returnCodes, status }: typeof JobEnded.Type | typeof JobClosed.Type, endedAtMs: number) =>
  (row: JobRow): JobRow => ({ ...row, status, returnCodes, reason, endedAtMs })

const submitted = ({ atMs, event, operation }: Recorded & { readonly event: { readonly _tag: "JobSubmitted" } }): JobRow => ({
  cluster: event.cluster,
  id: event.job,
  name: event.task.name ?? null,
  user: event.user,
  task: event.task,
  numNodes: event.numNodes,
  withSetup: event.withSetup,
  runTimestamp: event.runTimestamp,
  operation,
  status: "PENDING",
  cancelRequested: false,
  isImported: false,
  submittedAtMs: atMs,
  startedAtMs: null,
  endedAtMs: null,
  ranks: [],
  returnCodes: [],
  reason: null
})

export const jobs: Projection<Jobs> = {
  name: "jobs",
  version: 3,
  empty: HashMap.empty(),
  apply: (state, recorded) => {
    const { atMs, event } = recorded
    switch (event._tag) {
      case "JobSubmitted":
        return add(state, submitted({ ...recorded, event }))
      case "JobSettingUp":
        return observed(state, event, (row) => ({ ...row, status: "SETTING_UP", startedAtMs: event.observedAtMs }))
      case "JobStarted":
        return observed(state, event, (row) => ({
          ...row,
          status: "RUNNING",
          startedAtMs: event.observedAtMs,
          ranks: event.ranks
        }))
      case "JobCancelRequested":
        return event.jobs.reduce((all, job) => change(all, event.cluster, job, (row) => ({ ...row, cancelRequested: true })), state)
      case "JobEnded":
        return observed(state, event, end(event, event.observedAtMs))
      case "JobClosed":
        return change(state, event.cluster, event.job, end(event, atMs))
      case "ClusterImported":
        return unfinishedOf(state, event.cluster).reduce(
          (all, { id }) => change(all, event.cluster, id, (row) => ({ ...row, cancelRequested: false, isImported: true })),
          state
        )
      case "ClusterGone":
        return HashMap.remove(state, event.cluster)
      default:
        return state
    }
  }
}
