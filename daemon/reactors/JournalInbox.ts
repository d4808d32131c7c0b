/**
 * Entries of a head's journal on their way into the log, in the journal's order. Each is copied by a decision of the log's writer on what
 * it holds, so an entry enters the log once, whoever brings it and however often.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ClusterId } from "../../events/ids.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { JournalEntry } from "../../sdk/agent/protocol.ts"
import type { Identity } from "../Identity.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { AgentLink } from "../remote/AgentLink.ts"
import type { World } from "../World.ts"
import { journalEvents } from "./journal-events.ts"

/** Entries copied into the log with one append. */
const groupMax = 128

interface Tools {
  readonly log: EventLog["Service"]
  readonly identity: Identity["Service"]
}

export class JournalInbox {
  private readonly cluster: ClusterId
  private readonly tools: Tools
  private readonly waiting: Array<{ readonly journal: string; readonly entry: JournalEntry }> = []
  private readonly readers: Array<{ readonly upTo: number; readonly done: Deferred.Deferred<void> }> = []

  constructor(cluster: ClusterId, tools: Tools) {
    this.cluster = cluster
    this.tools = tools
  }

  push(journal: string, entry: JournalEntry): void {
    this.waiting.push({ journal, entry })
  }

  /** Until the log holds the journal up to this entry. */
  readUpTo(upTo: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.last() >= upTo) return Effect.void
      const done = Deferred.makeUnsafe<void>()
      this.readers.push({ upTo, done })
      return Deferred.await(done)
    })
  }

  /** Copies all that came, and tells the head how far. Nobody waits for its answer: an entry that is sent twice is copied once. */
  copyAll(head: () => AgentLink | undefined): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      while (this.waiting.length > 0) {
        const { journal } = this.waiting[0]!
        const other = this.waiting.findIndex((item) => item.journal !== journal)
        const run = this.waiting.splice(0, Math.min(groupMax, other === -1 ? groupMax : other))
        yield* this.copy(
          journal,
          run.map(({ entry }) => entry)
        )
        const upTo = this.last()
        const link = head()
        if (link !== undefined) yield* Effect.forkDetach(Effect.ignore(link.ask("journal.acknowledge", { upTo })))
        for (const reader of this.readers.splice(0)) {
          if (reader.upTo <= upTo) Deferred.doneUnsafe(reader.done, Effect.void)
          else this.readers.push(reader)
        }
      }
    })
  }

  copy(journal: string, entries: ReadonlyArray<JournalEntry>): Effect.Effect<void> {
    const { identity, log } = this.tools
    const decide = ({ clusters, jobs }: World) => {
      const row = rowOf(clusters, this.cluster)
      const events = row === undefined ? [] : journalEvents(row, jobs, journal, entries)
      const actor = { ...identity.actor, kind: "agent" as const }
      return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor, expect: [] })
    }
    return Effect.asVoid(Effect.orDie(log.decide(decide)))
  }

  private last(): number {
    return rowOf(this.tools.log.world().clusters, this.cluster)?.journal?.last ?? 0
  }
}
