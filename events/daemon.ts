/** Facts about the log and the daemon themselves. */
import * as Schema from "effect/Schema"

/** The first fact of every log. Its id seeds the chain and tags every machine that this log pays for. */
export const LogCreated = Schema.TaggedStruct("LogCreated", { log: Schema.String.check(Schema.isPattern(/^[0-9A-HJKMNP-TV-Z]{26}$/)) })

export const DaemonStarted = Schema.TaggedStruct("DaemonStarted", {
  version: Schema.NonEmptyString,
  /** The oldest reader version that understands what this daemon writes; an older daemon stops before it acts. */
  minReader: Schema.Natural,
  pid: Schema.Natural
})

export const DaemonStopped = Schema.TaggedStruct("DaemonStopped", { reason: Schema.String })
