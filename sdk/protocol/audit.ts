/**
 * The log held against itself, its witness and what was noted or exported of it. Each is answered over a damaged log too: `damage` says
 * what it is.
 */
import * as Schema from "effect/Schema"

/** The first thing that is not as it was written. */
export const Damage = Schema.Struct({
  kind: Schema.String,
  /** The event that it begins with; 0: all of them, or none. */
  seq: Schema.Natural,
  message: Schema.String
})
export type Damage = typeof Damage.Type

/** The end of the log: its last event, that one's hash in hex, the log's id, and when it was written. */
export const Head = Schema.Struct({ seq: Schema.Natural, hash: Schema.String, log: Schema.String, atMs: Schema.Natural })
export type Head = typeof Head.Type

const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
const Proven = {
  /** So many are proven, from the first on. */
  events: Schema.Natural,
  /** The last of them. */
  head: Schema.NullOr(Head),
  damage: Schema.NullOr(Damage)
}

/**
 * The whole log, event by event, and its index. Results with `more` say meanwhile, by their `at`, how far it has come.
 * Of what the daemon holds in memory, such as the newest events, it proves the memory; `sky audit verify` looks at the files.
 */
export const AuditVerify = Schema.Struct({})
export const AuditVerifyAnswer = Schema.Struct(Proven)
export type AuditVerifyAnswer = typeof AuditVerifyAnswer.Type

/** Where the log ends, to be noted elsewhere; `is`: whether what was noted is still in it, and all before it is as it was then. */
export const AuditHead = Schema.Struct({
  is: Schema.optionalKey(
    Schema.NullOr(Schema.Struct({ seq: Schema.Natural, hash: Hash, log: Schema.optionalKey(Schema.NullOr(Schema.String)) }))
  )
})
export type AuditHead = typeof AuditHead.Type
export const AuditHeadAnswer = Schema.Struct({
  head: Schema.NullOr(Head),
  /** Why it is not; null: it is, or was not asked. */
  refuted: Schema.NullOr(Schema.String),
  damage: Schema.NullOr(Damage)
})
export type AuditHeadAnswer = typeof AuditHeadAnswer.Type

/**
 * The log as lines `{"hash": HEX, "record": …}`, the record's bytes as they are stored: in `log` frames, rank 0. What is proven is sent,
 * and no more.
 */
export const AuditExport = Schema.Struct({})
export const AuditExportAnswer = Schema.Struct(Proven)
export type AuditExportAnswer = typeof AuditExportAnswer.Type

/** An export, held against the log line by line. */
export const AuditDiff = Schema.Struct({
  /** Its path, absolute; the daemon reads it. */
  file: Schema.NonEmptyString
})
export type AuditDiff = typeof AuditDiff.Type
export const AuditDiffAnswer = Schema.Struct({
  /** So many are the same. */
  events: Schema.Natural,
  difference: Schema.NullOr(Schema.Struct({ line: Schema.Natural, message: Schema.String })),
  /** Where there is none: how many more the log has, and the file. */
  logMore: Schema.Natural,
  fileMore: Schema.Natural,
  damage: Schema.NullOr(Damage)
})
export type AuditDiffAnswer = typeof AuditDiffAnswer.Type

/** Of `sky audit import`, which no daemon does. */
export interface AuditImportAnswer {
  readonly events: number
  readonly head: Head
  /** So many operations are open at its end: the first start fails them. */
  readonly open: number
}
