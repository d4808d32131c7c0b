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

/** Optional, at any time: which protocols a client speaks. */
export const Hello = Schema.Struct({
  id: Schema.optionalKey(Id),
  protocol: Schema.optionalKey(Schema.Struct({ min: Schema.Natural, max: Schema.Natural })),
  version: Schema.optionalKey(Schema.String),
  capabilities: Schema.optionalKey(Schema.Array(Schema.String))
})

/** One method, asked once. */
export const Request = Schema.Struct({
  /** Unique among those of this connection that have no answer yet. */
  id: Id,
  method: Schema.NonEmptyString,
  /** An object; absent is the same as `{}`. */
  params: Schema.optionalKey(Schema.Unknown),
  /** For methods that change something: sent twice, it is one operation and one answer. Made up by the daemon when absent. */
  requestId: Schema.optionalKey(OperationId),
  /** Who asks: kept with the operation, in the log. */
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
  cluster: Schema.String,
  /** How far a step is, said between two facts and never again; `at` is that of the last one. */
  passing: Schema.optionalKey(Schema.Literal(true)),
  /** `detail` is more than what goes on in any case, such as why a step that is tried again has failed: worth a line of its own. */
  news: Schema.optionalKey(Schema.Literal(true))
})
export type Progress = typeof Progress.Type

/** Bytes of a job's log. `text` when they are UTF-8, else `base64`. */
export const LogChunk = Schema.Struct({
  id: Id,
  rank: Schema.Natural,
  /** One of the two stands there. */
  text: Schema.optionalKey(Schema.String),
  base64: Schema.optionalKey(Schema.String)
})
export type LogChunk = typeof LogChunk.Type

/** What a rank's lines are prefixed with; sent before its first chunk. */
export const LogSource = Schema.Struct({ id: Id, rank: Schema.Natural, prefix: Schema.String })
export type LogSource = typeof LogSource.Type

/** Ends a request, or with `more` is a page of its answer. */
export const Result = Schema.Struct({
  id: Id,
  /** The log position that the answer contains. */
  at: Seq,
  value: Schema.Unknown,
  /** More pages follow under the same id. */
  more: Schema.optionalKey(Schema.Literal(true))
})
export interface Result {
  readonly id: string | number
  readonly at: number
  readonly value: unknown
  readonly more?: boolean
}

/** A fact, in its envelope (`events.md`); of `replay` with its `changes`. */
export const EventFrame = Schema.Struct({ id: Id, event: Schema.Unknown })

/** Which daemon answers. */
export const Greeting = Schema.Struct({
  protocol: Schema.Struct({ min: Schema.Natural, max: Schema.Natural }),
  version: Schema.String,
  /** `<version>+<when it was built, in ms>`. */
  build: Schema.String,
  pid: Schema.Natural,
  /** The log's id: another one is another history, and positions of the old one mean nothing in it. */
  log: Schema.String,
  capabilities: Schema.Array(Schema.String)
})

/** Ends a request: it was refused, or failed. A null `id`: the frame was no request, or one that cannot be answered. */
export const Failure = Schema.Struct({ id: Schema.NullOr(Id), at: Schema.optionalKey(Seq), error: RecordedError })
export type Failure = typeof Failure.Type
export type WireError = typeof RecordedError.Type

/** `{"type": …, "data": …}` of every kind that a daemon sends. */
export type ServerFrame =
  | { readonly type: "hello"; readonly data: typeof Greeting.Type }
  | { readonly type: "progress"; readonly data: Progress }
  | { readonly type: "source"; readonly data: LogSource }
  | { readonly type: "log"; readonly data: LogChunk }
  | { readonly type: "event"; readonly data: typeof EventFrame.Type }
  | { readonly type: "result"; readonly data: Result }
  | { readonly type: "failure"; readonly data: Failure }
  | { readonly type: "ping"; readonly data: object }
