/** Turns a head's journal into facts of the log: each entry once, in its order, and a gap is a fact too. Pure. */

import * as Schema from "effect/Schema"
import { Event } from "../../events/Event.ts"
import type { JournalId, OperationId } from "../../events/ids.ts"
import type { StreamName } from "../../events/Recorded.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { type Jobs, jobOf } from "../../projections/jobs.ts"
import type { JournalEntry } from "../../sdk/agent/protocol.ts"

type Copied = readonly [StreamName, Event] | readonly [StreamName, Event, OperationId]

const operationOf = (cluster: ClusterRow["id"], { fact }: JournalEntry, jobs: Jobs): OperationId | null => {
  if (fact._tag === "SetupEnded") return fact.operation as OperationId
  return "job" in fact ? (jobOf(jobs, cluster, fact.job)?.operation ?? null) : null
}

/** A node's words are cut before they are facts: an observation is never refused for its size. */
const textMaxChars = 1024
const trimmed = (value: unknown): unknown => {
  if (typeof value === "string") return value.length <= textMaxChars ? value : `${value.slice(0, textMaxChars - 1)}…`
  if (Array.isArray(value)) return value.slice(0, listMax).map(trimmed)
  return value
}
/** As many nodes as a cluster may have. */
const listMax = 1024

const isEvent = Schema.is(Event)

const eventOf = (cluster: ClusterRow["id"], { atMs, fact, n }: JournalEntry): Event => {
  const { _tag, ...rest } = fact
  const { operation: _, ...own } = rest as typeof rest & { readonly operation?: string }
  const kept = Object.fromEntries(Object.entries(own).map(([key, field]) => [key, trimmed(field)]))
  return { _tag, cluster, entry: n, observedAtMs: atMs, ...kept } as unknown as Event
}

/** The entries that the row has not read yet. */
export const journalEvents = (
  row: ClusterRow,
  jobs: Jobs,
  journal: string,
  entries: ReadonlyArray<JournalEntry>
): ReadonlyArray<Copied> => {
  const stream = `journal/${journal}` as StreamName
  let last = row.journal?.id === journal ? row.journal.last : 0
  const copied: Array<Copied> = []
  for (const entry of entries) {
    if (entry.n <= last) continue
    if (entry.n > last + 1) {
      copied.push([stream, { _tag: "JournalGap", cluster: row.id, journal: journal as JournalId, from: last + 1, to: entry.n - 1 }])
    }
    last = entry.n
    const event = eventOf(row.id, entry)
    // What a node says and this version does not understand is a gap in what is known of it.
    if (!isEvent(event)) {
      copied.push([stream, { _tag: "JournalGap", cluster: row.id, journal: journal as JournalId, from: entry.n, to: entry.n }])
      continue
    }
    const operation = operationOf(row.id, entry, jobs)
    copied.push(operation === null ? [stream, event] : [stream, event, operation])
  }
  return copied
}
