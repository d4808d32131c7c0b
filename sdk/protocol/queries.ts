/** Questions: they change nothing and are answered from the log's state. Names may be globs. */
import * as Schema from "effect/Schema"
import { Moment, Notices } from "./replay.ts"
import { ClusterView, JobView, OperationView } from "./rows.ts"

export const Names = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
export const At = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Number])))
/** Only of an answer from the past. */
export const AsOf = Schema.optionalKey(Moment)
/** Only of an answer from a damaged log: there may be more than is counted, or less. */
export const Incomplete = Schema.optionalKey(Schema.Boolean)

/**
 * Newest launch first. `notFound`: names and globs that matched nothing. With `at` no cloud is asked, and the answer says what it is of:
 * `asOf`. `incomplete`: the log is damaged, and there may be clusters that are not known. A refresh that takes long sends a page with
 * `waiting` alone before its answer; it ends within 20 s, and what a cloud has not said until then is in `unseen` of the cluster.
 */
export const Status = Schema.Struct({
  /** Names and globs; null: all. */
  clusterNames: Names,
  /** Ask the clouds and nodes first. */
  refresh: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** What was known then: a position, a time with its offset (RFC 3339), an age by the daemon's clock (`2 hours ago`) or `now`. */
  at: At
})
export const StatusAnswer = Schema.Struct({
  clusters: Schema.Array(ClusterView),
  notFound: Schema.Array(Schema.String),
  asOf: AsOf,
  incomplete: Incomplete,
  /** What a refresh waits for, in words. */
  waiting: Schema.optionalKey(Schema.String),
  notices: Notices
})
export type StatusAnswer = typeof StatusAnswer.Type

/** Newest job first. `jobIds` with one cluster. `at` as in `status`. */
export const JobQueue = Schema.Struct({
  /** Names and globs; null: all. */
  clusterNames: Names,
  /** Only jobs that are not over. */
  skipFinished: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  jobIds: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Int))),
  at: At
})
export type JobQueue = typeof JobQueue.Type
export const JobQueueAnswer = Schema.Struct({
  jobs: Schema.Array(JobView),
  clusters: Schema.Array(Schema.String),
  notFound: Schema.Array(Schema.String),
  asOf: AsOf,
  incomplete: Incomplete,
  notices: Notices
})
export type JobQueueAnswer = typeof JobQueueAnswer.Type

/**
 * Streams a job's log, or the output of an operation's setup: `source` and `log` frames, then the result
 * `{jobId, status, returnCodes, reason}` (status null while it goes on and `follow` is false), with `unread` where a machine did not
 * answer. Notices, when there are any, come first: a page of the answer; so does, in the middle, that its head is not reached and waited
 * for. Where the states of jobs stand still in the log, `status` is what the node itself says.
 */
export const Logs = Schema.Struct({
  clusterName: Schema.String,
  /** Null: the latest; while a launch sets up, its setup and then its job. */
  jobId: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  /** The setup of this operation, in place of a job. */
  setup: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** True, and null: to the end of the job. False: what there is. */
  follow: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Only the last N lines of each rank. */
  tail: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** Only this rank; null: all. */
  rank: Schema.optionalKey(Schema.NullOr(Schema.Natural))
})
export type Logs = typeof Logs.Type
export const LogsAnswer = Schema.Struct({
  jobId: Schema.NullOr(Schema.Int),
  status: Schema.NullOr(Schema.String),
  returnCodes: Schema.Array(Schema.Int),
  reason: Schema.NullOr(Schema.String),
  /** Of which ranks the log was not read to its end, and why: their machines do not answer. Absent: of none. `gone`: they are gone. */
  unread: Schema.optionalKey(
    Schema.Array(Schema.Struct({ rank: Schema.Int, reason: Schema.String, gone: Schema.optionalKey(Schema.Boolean) }))
  ),
  notices: Notices
})
export type LogsAnswer = typeof LogsAnswer.Type

/** A page of the log, oldest first; `tail` counts from the end. */
export const Events = Schema.Struct({
  /** Only those behind this position; null: from the first on. */
  after: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** So many at most, the first; null: all there are now. Without effect beside `tail`. */
  limit: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** The last so many of them, 100000 at most. */
  tail: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** Only those of clusters with this name, past ones included. */
  clusterName: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Only those of this operation. */
  operation: Schema.optionalKey(Schema.NullOr(Schema.String))
})
/** `event` frames from a position on, without a gap and without end; between them pages of the answer, when there are notices. */
export const EventsFollow = Schema.Struct({
  /** The last position that was seen; 0: from the first fact on; null: what happens from now on. */
  after: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** Only facts about clusters with this name, past ones included. */
  clusterName: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export const EventsFollowAnswer = Schema.Struct({ notices: Notices })
export type EventsFollowAnswer = typeof EventsFollowAnswer.Type

export const Operations = Schema.Struct({ all: Schema.optionalKey(Schema.NullOr(Schema.Boolean)) })
export const OperationsAnswer = Schema.Struct({ operations: Schema.Array(OperationView), notices: Notices })
export type OperationsAnswer = typeof OperationsAnswer.Type

/** Ends an operation that runs. Not an operation itself: asking twice is harmless. */
export const OperationsCancel = Schema.Struct({ operation: Schema.NonEmptyString })

export const DaemonStatus = Schema.Struct({})
export const DaemonAnswer = Schema.Struct({
  pid: Schema.Natural,
  version: Schema.String,
  build: Schema.String,
  log: Schema.String,
  /** The last position of the log. */
  head: Schema.Natural,
  startedAtMs: Schema.Natural,
  home: Schema.String,
  socket: Schema.String,
  clusters: Schema.Natural,
  runningJobs: Schema.Natural,
  runningOperations: Schema.Natural,
  incomplete: Incomplete,
  notices: Notices
})
export type DaemonAnswer = typeof DaemonAnswer.Type

/**
 * Ends the daemon; jobs go on, and operations when it starts again. With `ifIdle` only when nothing that runs would wait for that. One
 * that holds the last whole copy of its log, which was deleted or moved under it, is ended with `force` alone.
 */
export const DaemonStop = Schema.Struct({
  ifIdle: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  force: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export const DaemonStopAnswer = Schema.Struct({
  stopping: Schema.Boolean,
  runningJobs: Schema.Natural,
  runningOperations: Schema.Natural,
  incomplete: Incomplete
})
export type DaemonStopAnswer = typeof DaemonStopAnswer.Type

export const Describe = Schema.Struct({ method: Schema.optionalKey(Schema.NullOr(Schema.String)) })
