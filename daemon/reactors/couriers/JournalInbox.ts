/**
 * Entries of a head's journal on their way into the log, in the journal's order. Each is copied by a decision of the log's writer on what
 * it holds, so an entry enters the log once, whoever brings it and however often.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ClusterId } from "../../../events/ids.ts"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import { rowOf } from "../../../projections/clusters.ts"
import type { Identity } from "../../life/Identity.ts"
import type { EventLog } from "../../log/EventLog.ts"
import type { World } from "../../World.ts"
import type { AgentLink } from "./AgentLink.ts"
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
  private readonly waiting: Array<{ readonly journal: unknown; readonly entry: unknown }> = []
  private readonly readers = new Map<Deferred.Deferred<void>, number>()

  constructor(cluster: ClusterId, tools: Tools) {
    this.cluster = cluster
    this.tools = tools
  }

  /** As an agent sent them: what they hold is judged when they are copied. */
  push(journal: unknown, entry: unknown): void {
    this.waiting.push({ journal, entry })
  }

  /** Until the log holds the journal up to this entry. */
  readUpTo(upTo: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if ((this.held()?.last ?? 0) >= upTo) return Effect.void
      const done = Deferred.makeUnsafe<void>()
      this.readers.set(done, upTo)
      return Effect.ensuring(
        Deferred.await(done),
        Effect.sync(() => this.readers.delete(done))
      )
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
        const held = this.held()
        if (held === null || held.id !== journal) continue
        const link = head()
        if (link !== undefined) yield* Effect.forkDetach(Effect.ignore(link.ask("journal.acknowledge", { upTo: held.last })))
        for (const [done, upTo] of this.readers) if (upTo <= held.last) Deferred.doneUnsafe(done, Effect.void)
      }
    })
  }

  /** However many: a journal at rest comes in one piece. */
  copy(journal: unknown, entries: ReadonlyArray<unknown>): Effect.Effect<void> {
    const groups = Array.from({ length: Math.ceil(entries.length / groupMax) }, (_, i) => entries.slice(i * groupMax, (i + 1) * groupMax))
    return Effect.forEach(groups, (group) => this.copyGroup(journal, group), { discard: true })
  }

  private copyGroup(journal: unknown, entries: ReadonlyArray<unknown>): Effect.Effect<void> {
    const { identity, log } = this.tools
    const decide = (world: World) => {
      const row = rowOf(world.clusters, this.cluster)
      const events = row === undefined ? [] : journalEvents(row, world, journal, entries)
      const actor = { ...identity.actor, kind: "agent" as const }
      return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor, expect: [] })
    }
    return Effect.asVoid(Effect.orDie(log.decide(decide)))
  }

  /** How much of which journal the log holds. */
  private held(): ClusterRow["journal"] {
    return rowOf(this.tools.log.world().clusters, this.cluster)?.journal ?? null
  }
}
