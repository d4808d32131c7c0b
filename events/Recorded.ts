/**
 * The envelope in which a fact is stored. Fixed for ever: its bytes are what the chain hashes.
 * When it was written stands here, so that no fold needs a clock: folding the log twice gives the same answer.
 */
import * as Schema from "effect/Schema"
import { Event } from "./Event.ts"
import { type JournalId, OperationId, Seq } from "./ids.ts"
import { AtMs } from "./values.ts"

/** `cluster/<ulid>`, `journal/<ulid>` or `daemon`: the unit of optimistic concurrency. */
export const StreamName = Schema.String.check(Schema.isPattern(/^(daemon|(cluster|journal)\/[0-9A-Z]{26})$/)).pipe(
  Schema.brand("StreamName")
)
export type StreamName = typeof StreamName.Type

export const daemonStream = "daemon" as StreamName
export const journalStream = (journal: JournalId) => `journal/${journal}` as StreamName

export const Actor = Schema.Struct({
  kind: Schema.Literals(["user", "daemon", "agent"]),
  /** Node has no peer credentials: the daemon's own uid, the only one that its folder lets in. */
  uid: Schema.Natural,
  host: Schema.String
})
export type Actor = typeof Actor.Type

export const Recorded = Schema.Struct({
  /** Dense and global. Order is by `seq`, never by time. */
  seq: Seq,
  atMs: AtMs,
  stream: StreamName,
  /** The request that all this belongs to. */
  operation: Schema.NullOr(OperationId),
  /** The fact that caused this one; 0 when it came from outside. */
  causedBy: Seq,
  actor: Actor,
  event: Event
})
export type Recorded = typeof Recorded.Type
