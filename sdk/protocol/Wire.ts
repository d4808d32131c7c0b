/**
 * What crosses the socket: one JSON object per line, `{"type": …, "data": …}`. That is node-ipc's framing with "\n",
 * and plain JSON lines, so `nc -U` and any language can speak it. `data.id` ties a reply to its request.
 */
import * as Schema from "effect/Schema"
import { OperationId, Seq } from "../../events/ids.ts"
import { RecordedError } from "../../events/values.ts"

/** A client and a daemon talk when their ranges meet. Methods are never removed. */
export const protocol = { min: 1, max: 1 } as const

/** One frame, in bytes. */
export const frameMaxBytes = 1024 * 1024
/** One page of a large answer, in bytes. */
export const pageMaxBytes = 512 * 1024

/** Who asks, kept in the log with the request. `argv` comes with its secrets struck out. */
export const Caller = Schema.Struct({
  program: Schema.optionalKey(Schema.String),
  pid: Schema.optionalKey(Schema.Int),
  argv: Schema.optionalKey(Schema.Array(Schema.String)),
  user: Schema.optionalKey(Schema.String)
})
export type Caller = typeof Caller.Type

export const Id = Schema.Union([Schema.String, Schema.Number])

export const Hello = Schema.Struct({
  id: Schema.optionalKey(Id),
  protocol: Schema.optionalKey(Schema.Struct({ min: Schema.Natural, max: Schema.Natural })),
  version: Schema.optionalKey(Schema.String),
  capabilities: Schema.optionalKey(Schema.Array(Schema.String))
})

export const Request = Schema.Struct({
  id: Id,
  method: Schema.NonEmptyString,
  params: Schema.optionalKey(Schema.Unknown),
  /** For methods that change something: sent twice, it is one operation and one answer. Made up by the daemon when absent. */
  requestId: Schema.optionalKey(OperationId),
  caller: Schema.optionalKey(Caller)
})
export type Request = typeof Request.Type

/** Ends a stream; what it shows goes on. */
export const Detach = Schema.Struct({ id: Id })

/** A phase of an operation, as it begins, ends or fails. */
export const Progress = Schema.Struct({
  id: Id,
  /** The log position of the fact behind it. */
  at: Seq,
  operation: OperationId,
  phase: Schema.Literals(["queued", "provision", "bootstrap", "autostop", "sync", "setup", "submit", "cancel", "stop", "down"]),
  state: Schema.Literals(["running", "done", "failed"]),
  detail: Schema.String,
  atMs: Schema.Natural,
  cluster: Schema.String
})
export type Progress = typeof Progress.Type

/** Bytes of a job's log. `text` when they are UTF-8, else `base64`. */
export const LogChunk = Schema.Struct({
  id: Id,
  rank: Schema.Natural,
  text: Schema.optionalKey(Schema.String),
  base64: Schema.optionalKey(Schema.String)
})
export type LogChunk = typeof LogChunk.Type

/** What a rank's lines are prefixed with; sent before its first chunk. */
export const LogSource = Schema.Struct({ id: Id, rank: Schema.Natural, prefix: Schema.String })
export type LogSource = typeof LogSource.Type

export interface Result {
  readonly id: string | number
  /** The log position that the answer contains. */
  readonly at: number
  readonly value: unknown
  /** More pages follow under the same id. */
  readonly more?: boolean
}

export const Failure = Schema.Struct({ id: Schema.NullOr(Id), at: Schema.optionalKey(Seq), error: RecordedError })
export type Failure = typeof Failure.Type
export type WireError = typeof RecordedError.Type

/** `{"type": …, "data": …}` of every kind that a daemon sends. */
export type ServerFrame =
  | {
      readonly type: "hello"
      readonly data: {
        readonly protocol: typeof protocol
        readonly version: string
        readonly build: string
        readonly pid: number
        readonly log: string
        readonly capabilities: ReadonlyArray<string>
      }
    }
  | { readonly type: "progress"; readonly data: Progress }
  | { readonly type: "source"; readonly data: LogSource }
  | { readonly type: "log"; readonly data: LogChunk }
  | { readonly type: "event"; readonly data: { readonly id: string | number; readonly event: unknown } }
  | { readonly type: "result"; readonly data: Result }
  | { readonly type: "failure"; readonly data: Failure }
  | { readonly type: "ping"; readonly data: object }
