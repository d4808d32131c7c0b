/**
 * Whether an event is the one that must come now: number, format, chain and witness. One judge for the start, the fold and the audit. Pure.
 */
import * as Result from "effect/Result"
import { follows, genesis, type Unpacked, unpack, unpackNext } from "./chain.ts"
import type { Head } from "./head-file.ts"
import { LogDamaged } from "./LogDamaged.ts"
import type { Stored } from "./LogStore.ts"
import { readRecord } from "./read-record.ts"

const damaged = (damage: LogDamaged["damage"], seq: number, message: string) => new LogDamaged({ damage, seq, message })

/** Where nothing follows that would tell how far it is missing. */
export const missing = (seq: number) => damaged("gap", seq, `Event ${seq} is missing from the log.`)

/** The id that the first event says the log has. */
const ownWord = (first: Stored): string | undefined => {
  const result = readRecord(first)
  if (Result.isFailure(result) || result.success.event._tag !== "LogCreated") return undefined
  const { log } = result.success.event
  return typeof log === "string" ? log : undefined
}

/** `at`, `hash`: the last event that is proven, and its raw hash; before the first one no hash, where a log is taken by its own word. */
export const checkNext = (
  { at, hash }: { readonly at: number; readonly hash: Buffer | undefined },
  stored: Stored,
  said: Head | undefined
): Result.Result<Unpacked, LogDamaged> => {
  const seq = at + 1
  const sound = hash && unpackNext(at, hash, stored.seq, stored.value)
  if (sound !== undefined && seq !== said?.seq) return Result.succeed(sound)
  const fail = (damage: LogDamaged["damage"], message: string) => Result.fail(damaged(damage, seq, message))
  if (stored.seq !== seq) return fail("gap", `Event ${seq} is missing from the log, which goes on with event ${stored.seq}.`)
  const bytes = unpack(stored.value)
  if (bytes === undefined) return fail("hash", `Event ${seq} is not what was written: it has no format that is known.`)
  const own = seq === 1 ? ownWord(stored) : undefined
  const previous = hash ?? (own === undefined ? undefined : genesis(own))
  if (previous === undefined) return fail("hash", "Event 1 is not the beginning of a log.")
  // The chain's word comes before what the bytes say: what was damaged may read as anything, or as nothing.
  if (!follows(previous, bytes)) {
    return own !== undefined && own !== said?.log && follows(genesis(own), bytes)
      ? fail("other-log", `The store holds another log than its witness speaks of (${said?.log}).`)
      : fail("hash", `Event ${seq} is not what was written: its hash does not follow from the one before.`)
  }
  return seq === said?.seq && !bytes.hash.equals(said.hash)
    ? fail("hash", `Event ${seq} is not the one that the witness of the log has seen.`)
    : Result.succeed(bytes)
}

/** What is wrong with the whole, when each event of it is sound: it ends before its witness, or before a state that was kept. */
export const checkEnd = (at: number, said: Head | undefined, kept: ReadonlyArray<number>): LogDamaged | undefined => {
  if (said !== undefined && at < said.seq) {
    // Whether the bytes are gone is not known: they are not read, and may be among the files as found.
    const message = `The log ends with event ${at} of the ${said.seq} that its witness has seen: what follows cannot be read.`
    return damaged("shorter", at + 1, message)
  }
  const ahead = kept.find((seq) => seq > at)
  return ahead === undefined
    ? undefined
    : damaged("snapshot-ahead", at + 1, `A snapshot holds the state at event ${ahead}, and the log ends with event ${at}.`)
}
