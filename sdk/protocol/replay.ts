/** The past: a moment of it as an answer names it, the log played again, and the proof that it gives the state there is. */
import * as Schema from "effect/Schema"

/**
 * The state after the fact `seq`, which is what the daemon knew then and not what was true; ages count to `atMs`. `incomplete`: more may
 * have been known at the time that was asked for, but of the damaged log no more is proven; `atMs` is that of the fact.
 */
export const Moment = Schema.Struct({ seq: Schema.Natural, atMs: Schema.Natural, incomplete: Schema.optionalKey(Schema.Boolean) })
export type Moment = typeof Moment.Type

/**
 * Streams the log as it makes the state: `event` frames with each fact and its `changes`, then the result. A change is
 * `{what, id, name, field, before, after}`: of a `cluster` (status, phase, reason, autostop, toDown), of a `job` (status, reason; its
 * name is `<cluster>/<number>`) or of an `operation` (status; its name is the method). Null: there was none. A few
 * may be under way at once; one more is refused.
 */
export const Replay = Schema.Struct({
  /** Only what comes behind this position; null: from the first fact on. */
  after: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** The last position; null: the last there is. */
  to: Schema.optionalKey(Schema.NullOr(Schema.Natural)),
  /** Only facts about clusters with this name, past ones included. */
  clusterName: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Replay = typeof Replay.Type
/** What everybody should know first: a damaged log, a full disk. */
export const Notices = Schema.optionalKey(Schema.Array(Schema.String))
export const ReplayAnswer = Schema.Struct({ events: Schema.Natural, notices: Notices })
export type ReplayAnswer = typeof ReplayAnswer.Type

export interface Change {
  readonly what: "cluster" | "job" | "operation"
  readonly id: string
  readonly name: string
  readonly field: string
  readonly before: string | number | boolean | null
  readonly after: string | number | boolean | null
}

/**
 * Folds the whole log from nothing and compares the outcome with the state that the daemon holds. `difference`: the first one, null for
 * none.
 */
export const ReplayVerify = Schema.Struct({})
export const ReplayVerifyAnswer = Schema.Struct({
  events: Schema.Natural,
  tookMs: Schema.Natural,
  difference: Schema.NullOr(
    Schema.Struct({
      /** What was held against the fold. */
      of: Schema.String,
      path: Schema.String,
      /** As JSON; null: there should be nothing. */
      expected: Schema.NullOr(Schema.String),
      found: Schema.NullOr(Schema.String)
    })
  ),
  notices: Notices
})
export type ReplayVerifyAnswer = typeof ReplayVerifyAnswer.Type
