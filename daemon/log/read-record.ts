/**
 * The only place where bytes become events. Replay trusts our own bytes: the chain, the JSON and the tag are checked,
 * full decoding by schema is for what comes from outside.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type EventTag, events } from "../../events/Event.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { type StoredEvent, upcast } from "../../events/upcast.ts"
import { unpack } from "./chain.ts"
import type { Stored } from "./LogStore.ts"

/** What this daemon writes can be read by readers of this version on. Raised when an older one would misread it. */
export const readerVersion = 3

/** When the log holds what this daemon cannot understand or trust. It stops before it acts. */
export class LogUnreadable extends Schema.TaggedError<LogUnreadable>()("LogUnreadable", { seq: Schema.Natural, message: Schema.String }) {}

const known = new Set<string>(events.map((event) => event.fields._tag.schema.literal satisfies EventTag))

const unreadable = (seq: number, message: string) => Result.fail(new LogUnreadable({ seq, message }))

export const readRecord = ({ seq, value }: Stored): Result.Result<Recorded, LogUnreadable> => {
  const unpacked = unpack(value)
  return unpacked === undefined
    ? unreadable(seq, `Event ${seq} is stored in a format that this version does not know.`)
    : readJson(seq, unpacked.json)
}

export const readJson = (seq: number, json: Buffer): Result.Result<Recorded, LogUnreadable> => {
  let stored: Omit<Recorded, "event"> & { readonly event: StoredEvent }
  try {
    stored = JSON.parse(json.toString("utf8"))
  } catch {
    return unreadable(seq, `Event ${seq} is not readable: its bytes are not JSON.`)
  }
  if (typeof stored !== "object" || stored === null || typeof stored.event !== "object" || stored.event === null) {
    return unreadable(seq, `Event ${seq} is not readable: it holds no event.`)
  }
  if (stored.seq !== seq) return unreadable(seq, `Event ${seq} says that it is event ${stored.seq}.`)
  const event = upcast(stored.event)
  if (!known.has(event._tag)) {
    return unreadable(seq, `Event ${seq} is a ${event._tag}, which this version of skyd does not know. Start the version that wrote it.`)
  }
  if (event._tag === "DaemonStarted" && Number(event["minReader"]) > readerVersion) {
    return unreadable(
      seq,
      `The log was written by skyd ${String(event["version"])}, which this version cannot follow. Start that version, or a newer one.`
    )
  }
  return Result.succeed((event === stored.event ? stored : { ...stored, event }) as unknown as Recorded)
}
