/**
 * The closed list of what can be asked over the socket. `describe` answers from it; the dispatcher does not compile until each is handled.
 */
import * as Schema from "effect/Schema"
import {
  AuditDiff,
  AuditDiffAnswer,
  AuditExport,
  AuditExportAnswer,
  AuditHead,
  AuditHeadAnswer,
  AuditVerify,
  AuditVerifyAnswer
} from "./audit.ts"
import { Autostop } from "./autostop.ts"
import { Cancel } from "./cancel.ts"
import {
  CatalogList,
  CatalogListAnswer,
  CatalogReset,
  CatalogResetAnswer,
  CatalogUpdate,
  CatalogUpdateAnswer,
  GpusList,
  GpusListAnswer,
  Optimize,
  OptimizeAnswer
} from "./catalog.ts"
import { Check, CheckAnswer, SshList, SshListAnswer } from "./clouds.ts"
import { CostReport, CostReportAnswer } from "./costs.ts"
import { Down, DownUnlogged, DownUnloggedAnswer } from "./down.ts"
import { Exec, Executed } from "./exec.ts"
import { Launch, Launched } from "./launch.ts"
import { Leaks, LeaksAdopt, LeaksAdoptAnswer, LeaksAnswer, LeaksEnd, LeaksEndAnswer } from "./leaks.ts"
import {
  DaemonAnswer,
  DaemonStatus,
  DaemonStop,
  DaemonStopAnswer,
  Describe,
  Events,
  EventsFollow,
  EventsFollowAnswer,
  JobQueue,
  JobQueueAnswer,
  Logs,
  LogsAnswer,
  Operations,
  OperationsAnswer,
  OperationsCancel,
  Status,
  StatusAnswer
} from "./queries.ts"
import { Notices, Replay, ReplayAnswer, ReplayVerify, ReplayVerifyAnswer } from "./replay.ts"
import { ResourceHandle } from "./rows.ts"
import { Start } from "./start.ts"
import { Stop } from "./stop.ts"

/** Each of these is an operation with a request id. */
export const commands = {
  launch: { params: Launch, result: Launched },
  exec: { params: Exec, result: Executed },
  start: { params: Start, result: Schema.Struct({ cluster: Schema.String, handle: ResourceHandle }) },
  /** `gone`: it had no machine yet, so that nothing is left of it. */
  stop: { params: Stop, result: Schema.Struct({ cluster: Schema.String, gone: Schema.optionalKey(Schema.Boolean) }) },
  down: { params: Down, result: Schema.Struct({ cluster: Schema.String }) },
  autostop: { params: Autostop, result: Schema.Struct({ cluster: Schema.String, idleMinutes: Schema.Int, down: Schema.Boolean }) },
  cancel: { params: Cancel, result: Schema.Struct({ cluster: Schema.String, cancelled: Schema.Array(Schema.Int) }) }
} as const
export type CommandName = keyof typeof commands

/** These change nothing that the log holds. `streams`: what comes on the way is the answer. */
export const queries = {
  status: { params: Status, result: StatusAnswer },
  "cost.report": { params: CostReport, result: CostReportAnswer },
  queue: { params: JobQueue, result: JobQueueAnswer },
  logs: { params: Logs, result: LogsAnswer, streams: true },
  events: { params: Events, result: Schema.Struct({ events: Schema.Array(Schema.Json), notices: Notices }) },
  "events.follow": { params: EventsFollow, result: EventsFollowAnswer, streams: true },
  replay: { params: Replay, result: ReplayAnswer, streams: true },
  "replay.verify": { params: ReplayVerify, result: ReplayVerifyAnswer },
  "audit.verify": { params: AuditVerify, result: AuditVerifyAnswer },
  "audit.head": { params: AuditHead, result: AuditHeadAnswer },
  "audit.export": { params: AuditExport, result: AuditExportAnswer, streams: true },
  "audit.diff": { params: AuditDiff, result: AuditDiffAnswer },
  operations: { params: Operations, result: OperationsAnswer },
  /** `left`: what it leaves running, in words; null where that is nothing. */
  "operations.cancel": {
    params: OperationsCancel,
    result: Schema.Struct({ operation: Schema.String, cancelled: Schema.Boolean, left: Schema.NullOr(Schema.String) })
  },
  check: { params: Check, result: CheckAnswer },
  optimize: { params: Optimize, result: OptimizeAnswer },
  "gpus.list": { params: GpusList, result: GpusListAnswer },
  "catalog.list": { params: CatalogList, result: CatalogListAnswer },
  "catalog.update": { params: CatalogUpdate, result: CatalogUpdateAnswer },
  "catalog.reset": { params: CatalogReset, result: CatalogResetAnswer },
  "ssh.list": { params: SshList, result: SshListAnswer },
  leaks: { params: Leaks, result: LeaksAnswer },
  "leaks.end": { params: LeaksEnd, result: LeaksEndAnswer },
  "leaks.adopt": { params: LeaksAdopt, result: LeaksAdoptAnswer },
  "daemon.status": { params: DaemonStatus, result: DaemonAnswer },
  "daemon.stop": { params: DaemonStop, result: DaemonStopAnswer },
  "down.unlogged": { params: DownUnlogged, result: DownUnloggedAnswer },
  describe: { params: Describe, result: Schema.Struct({ methods: Schema.Record(Schema.String, Schema.Json) }) }
} as const
export type QueryName = keyof typeof queries
export type StreamName = { [Q in QueryName]: (typeof queries)[Q] extends { readonly streams: true } ? Q : never }[QueryName]

export const methods = { ...commands, ...queries }
export type MethodName = keyof typeof methods
