/** What the head's agent is to be told of a cluster's jobs and setups. Pure; the agent takes each once, so it may be told again. */
import type { NodeId, OperationId } from "../../../events/ids.ts"
import type { RecordedTask } from "../../../events/values.ts"
import type { ActiveOperation, ClusterRow } from "../../../projections/ClusterRow.ts"
import type { JobRow } from "../../../projections/jobs.ts"
import type { AgentMethods, JobSpec, SetupSpec } from "../../../sdk/agent/protocol.ts"
import { acceleratorsOf } from "../../../task/alternatives.ts"
import { placedNeed } from "../../../task/placed.ts"
import { runTimestampOf } from "../../commands/submission.ts"

type Autostop = AgentMethods["autostop"][0]

interface Deliveries {
  readonly jobs: ReadonlyArray<JobRow>
  /** The head that started them said so itself; another one would run them a second time. */
  readonly known: ReadonlyArray<JobRow>
  readonly setups: ReadonlyArray<ActiveOperation>
  readonly cancels: ReadonlyArray<number>
  /** What it was armed with, should it hold what a log held that was replaced by an older backup. */
  readonly autostop: Autostop | null
}

export const setupKey = (operation: OperationId) => `setup/${operation}`
export const jobKey = (job: { readonly id: number }) => `job/${job.id}`
export const lostKey = (node: NodeId) => `lost/${node}`
export const autostopKey = ({ setting }: Autostop) => `autostop/${setting}`
export const cancelKey = (job: { readonly id: number }) => `cancel/${job.id}`

/** The first one of a head is not said here: an operation waits for it. */
const autostopOf = ({ armed, autostop }: ClusterRow): Autostop | null => {
  if (autostop === null) return { setting: 0, idleMinutes: -1, down: false }
  return autostop.setting === armed ? autostop : null
}

/** What is not in `told` yet. */
export const deliveriesOf = (row: ClusterRow, unfinished: ReadonlyArray<JobRow>, told: ReadonlySet<string>): Deliveries => {
  const autostop = autostopOf(row)
  return {
    jobs: unfinished.filter((job) => job.startedAtMs === null && !told.has(jobKey(job))),
    known: unfinished.filter((job) => job.startedAtMs !== null && !told.has(jobKey(job))),
    setups: row.operations.filter(({ id, setup }) => setup === "running" && !told.has(setupKey(id))),
    cancels: unfinished.filter((job) => job.cancelRequested && !told.has(cancelKey(job))).map(({ id }) => id),
    autostop: autostop === null || told.has(autostopKey(autostop)) ? null : autostop
  }
}

type Secrets = JobSpec["secrets"]

export const notBegun = "it had not begun when its log was imported; submit it again"

export const jobSpec = (job: JobRow, secrets: Secrets): JobSpec => ({
  id: job.id,
  name: job.name,
  runTimestamp: job.runTimestamp,
  numNodes: job.numNodes,
  accelerators: acceleratorsOf(job.task.resources) ?? null,
  setup: job.withSetup ? (job.task.setup ?? null) : null,
  run: job.task.run ?? "",
  envs: job.task.envs ?? {},
  ...(job.isImported ? { secrets: null, refusal: notBegun } : { secrets })
})

export const taskOf = ({ request }: ActiveOperation): RecordedTask => (request?._tag === "LaunchRequested" ? request.task : {})

export const setupSpec = (row: ClusterRow, active: ActiveOperation, secrets: Secrets): SetupSpec => {
  const task = taskOf(active)
  return {
    operation: active.id,
    runTimestamp: runTimestampOf(active.setupSinceMs),
    script: task.setup ?? "",
    envs: task.envs ?? {},
    secrets,
    accelerators: Math.ceil(acceleratorsOf(placedNeed(task.resources, row.offer))?.count ?? 0)
  }
}
