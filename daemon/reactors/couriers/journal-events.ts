/** Turns a head's journal into facts of the log: each entry once, in its order, and a gap is a fact too. Pure. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AutostopFired } from "../../../events/autostop.ts"
import type { Event } from "../../../events/Event.ts"
import type { JobId, OperationId } from "../../../events/ids.ts"
import { JobEnded, JobSettingUp, JobStarted } from "../../../events/job.ts"
import { journalStream, type StreamName } from "../../../events/Recorded.ts"
import { SetupEnded } from "../../../events/setup.ts"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import { jobOf } from "../../../projections/jobs.ts"
import { operationOf } from "../../../projections/operations.ts"
import type { World } from "../../World.ts"

type Copied = readonly [StreamName, Event] | readonly [StreamName, Event, OperationId]

/** All that a node may say. Whatever else stands in an entry is not kept. */
const Observation = Schema.Union([JobSettingUp, JobStarted, JobEnded, SetupEnded, AutostopFired])
type Observation = typeof Observation.Type
const decode = Schema.decodeUnknownOption(Observation)

/** A node's words are cut before they are facts: an observation is never refused for its size. */
const textMaxChars = 1024
/** As many as a cluster may have nodes. */
const listMax = 1024
/** Well below what the log takes in one event. A thousand ranks with their pids are half of it. */
const factMaxBytes = 160 * 1024
/** The next job gets the number after the highest. */
const jobMax = 2 ** 31

/** Of a head that had jobs which the log does not know: it gives their numbers to no others. What a node says is believed within limits. */
export const isNews = ({ lastJob: known }: ClusterRow, lastJob: unknown): lastJob is JobId =>
  Number.isSafeInteger(lastJob) && (lastJob as number) > known && (lastJob as number) <= jobMax

const trimmed = (value: unknown): unknown => {
  if (typeof value === "string") return value.length <= textMaxChars ? value : `${value.slice(0, textMaxChars - 1)}…`
  if (Array.isArray(value)) return value.slice(0, listMax).map(trimmed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, trimmed(field)]))
}

/** What comes from a node is believed in nothing but its number. */
interface Numbered {
  readonly n: number
  readonly atMs?: unknown
  readonly fact?: unknown
}
const isNumbered = (entry: unknown): entry is Numbered =>
  typeof entry === "object" && entry !== null && "n" in entry && Number.isSafeInteger(entry.n) && (entry.n as number) >= 1

const observationOf = (row: ClusterRow, { atMs, fact, n }: Numbered): Observation | undefined => {
  if (typeof fact !== "object" || fact === null) return undefined
  const observation = Option.getOrUndefined(decode({ ...(trimmed(fact) as object), cluster: row.id, entry: n, observedAtMs: atMs }))
  return observation !== undefined && Buffer.byteLength(JSON.stringify(observation)) <= factMaxBytes ? observation : undefined
}

/**
 * It is of another job than the one that the log has under this number: the log was put back from an older backup, and gave the number
 * again. Of one that the log does not know, nothing but the number can be wrong.
 */
const isOfAnother = (row: ClusterRow, { fact }: Numbered, observation: Observation, { jobs }: World): boolean => {
  if (!("job" in observation)) return false
  const known = jobOf(jobs, row.id, observation.job)
  if (known === undefined) return observation.job > jobMax
  const { runTimestamp } = fact as { readonly runTimestamp?: unknown }
  return runTimestamp !== undefined && known.runTimestamp !== "" && runTimestamp !== known.runTimestamp
}

/** The operation that it belongs to; a node can claim none of another cluster. */
const belongsTo = (row: ClusterRow, { fact }: Numbered, observation: Observation, { jobs, operations }: World): OperationId | null => {
  if ("job" in observation) return jobOf(jobs, row.id, observation.job)?.operation ?? null
  if (observation._tag !== "SetupEnded") return null
  const operation = operationOf(operations, String((fact as { readonly operation?: unknown }).operation))
  return operation?.cluster === row.id ? operation.id : null
}

/** Facts of the entries that the row has not read yet; none of a journal that is not, or no longer, its head's. */
export const journalEvents = (row: ClusterRow, world: World, journal: unknown, entries: ReadonlyArray<unknown>): ReadonlyArray<Copied> => {
  if (row.journal === null || row.journal.id !== journal) return []
  const { id } = row.journal
  const stream = journalStream(id)
  const gap = (from: number, to: number): Copied => [stream, { _tag: "JournalGap", cluster: row.id, journal: id, from, to }]
  let { last } = row.journal
  const copied: Array<Copied> = []
  for (const entry of entries) {
    // One without a number is found missing when the next one comes.
    if (!isNumbered(entry) || entry.n <= last) continue
    if (entry.n > last + 1) copied.push(gap(last + 1, entry.n - 1))
    last = entry.n
    const observation = observationOf(row, entry)
    // What a node says and is not understood, or not of a job that is meant here, is a gap in what is known of it.
    if (observation === undefined || isOfAnother(row, entry, observation, world)) {
      copied.push(gap(entry.n, entry.n))
      continue
    }
    const operation = belongsTo(row, entry, observation, world)
    copied.push(operation === null ? [stream, observation] : [stream, observation, operation])
  }
  return copied
}
