/** Turns a head's journal into facts of the log: each entry once, in its order, and a gap is a fact too. Pure. */

import type { Event } from "../../events/Event.ts"
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

const eventOf = (cluster: ClusterRow["id"], { atMs, fact, n }: JournalEntry): Event => {
  const { _tag, ...rest } = fact
  const { operation: _, ...own } = rest as typeof rest & { readonly operation?: string }
  return { _tag, cluster, entry: n, observedAtMs: atMs, ...own } as unknown as Event
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
    const operation = operationOf(row.id, entry, jobs)
    const event = eventOf(row.id, entry)
    copied.push(operation === null ? [stream, event] : [stream, event, operation])
    last = entry.n
  }
  return copied
}
