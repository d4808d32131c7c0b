/** When what is stored is not what was written. Nothing is repaired, nothing dropped: the daemon only answers from then on. */
import * as Schema from "effect/Schema"

const damages = [
  /** An event is missing from the middle. */
  "gap",
  /** An event is not what was written. */
  "hash",
  /** The end is missing: the witness has seen more. */
  "shorter",
  /** The store is gone, the witness is there. */
  "store-missing",
  /** LevelDB cannot open or read its files. */
  "store-unreadable",
  /** The index cannot be read; the events can. */
  "index",
  /** The witness is gone, the store is there. */
  "witness-missing",
  /** Neither slot of the witness is what was written. */
  "witness-torn",
  /** The store and its witness are of two logs. */
  "other-log",
  /** A snapshot holds more than the log. */
  "snapshot-ahead"
] as const
export type Damage = (typeof damages)[number]

export class LogDamaged extends Schema.TaggedError<LogDamaged>()("LogDamaged", {
  damage: Schema.Literals(damages),
  /** The first event that is not as it was written; 0 when that is all of them or none. */
  seq: Schema.Natural,
  message: Schema.String
}) {}
