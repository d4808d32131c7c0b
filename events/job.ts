/** Facts about jobs. Submission is decided here; what became of it is copied from the head's journal. */
import * as Schema from "effect/Schema"
import { ClusterId, JobId, JournalId, NodeId } from "./ids.ts"
import { observed, RecordedTask } from "./values.ts"

export const JobSubmitted = Schema.TaggedStruct("JobSubmitted", {
  cluster: ClusterId,
  job: JobId,
  task: RecordedTask,
  numNodes: Schema.Int,
  /** Setup is part of the job (`--detach-setup`). */
  withSetup: Schema.Boolean,
  user: Schema.String,
  /** `sky-YYYY-MM-DD-HH-MM-SS-ffffff`, UTC: names the job's log folder and is part of SKYPILOT_TASK_ID. */
  runTimestamp: Schema.String
})

export const JobSettingUp = Schema.TaggedStruct("JobSettingUp", { cluster: ClusterId, job: JobId, ...observed })

export const JobStarted = Schema.TaggedStruct("JobStarted", {
  cluster: ClusterId,
  job: JobId,
  ...observed,
  ranks: Schema.Array(Schema.Struct({ rank: Schema.Natural, node: NodeId, nodeRank: Schema.Natural, pid: Schema.Natural }))
})

export const JobCancelRequested = Schema.TaggedStruct("JobCancelRequested", { cluster: ClusterId, jobs: Schema.Array(JobId) })

const JobOutcome = Schema.Literals(["SUCCEEDED", "FAILED", "FAILED_SETUP", "CANCELLED"])

const ended = {
  cluster: ClusterId,
  job: JobId,
  status: JobOutcome,
  /** By rank; empty when it never ran. */
  returnCodes: Schema.Array(Schema.Int),
  reason: Schema.NullOr(Schema.String)
}

/** Copied from the head's journal. */
export const JobEnded = Schema.TaggedStruct("JobEnded", { ...ended, ...observed })

/**
 * Ended by the daemon, because the cluster under it ended, or it was cancelled before its head had it: no node will tell. A later
 * `JobEnded` of the same job changes nothing.
 */
export const JobClosed = Schema.TaggedStruct("JobClosed", ended)

/** Entries of a journal that were never read and never will be. */
export const JournalGap = Schema.TaggedStruct("JournalGap", {
  cluster: ClusterId,
  journal: JournalId,
  from: Schema.Natural,
  to: Schema.Natural
})
