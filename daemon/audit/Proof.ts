/** What is proven of a log, one event after the other: number, chain, witness, and every field by its schema. */
import { isUtf8 } from "node:buffer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { Recorded } from "../../events/Recorded.ts"
import type { Damage, Head as HeadView } from "../../sdk/protocol/audit.ts"
import { eventMaxBytes, genesis, link, unpack } from "../log/chain.ts"
import type { Head } from "../log/head-file.ts"
import type { Stored } from "../log/LogStore.ts"
import { readRecord } from "../log/read-record.ts"

const isRecorded = Schema.is(Recorded)
const newline = 10

export class Proof {
  at: number
  hash: Buffer | undefined
  private atMs: number | undefined
  private log: string | undefined
  private readonly said: Head | undefined

  /** From the beginning, or after the event `at` with that hash. Without a witness, a log is taken by its own word. */
  constructor(said: Head | undefined, at = 0, hash: Buffer | undefined = said && genesis(said.log)) {
    this.said = said
    this.log = said?.log
    this.at = at
    this.hash = hash
  }

  /** The last one that was proven here. */
  get head(): HeadView | null {
    return this.atMs === undefined ? null : { seq: this.at, hash: this.hash!.toString("hex"), log: this.log ?? "", atMs: this.atMs }
  }

  /** Of the event that must come now. */
  next(stored: Stored): Result.Result<Recorded, Damage> {
    const seq = this.at + 1
    const fail = (kind: string, message: string) => Result.fail({ kind, seq, message })
    if (stored.seq !== seq) return fail("gap", `Event ${seq} is missing from the log, which goes on with event ${stored.seq}.`)
    const bytes = unpack(stored.value)
    const result = readRecord(stored)
    const event = Result.isSuccess(result) ? result.success.event : undefined
    const begun = seq === 1 && event?._tag === "LogCreated" ? event.log : undefined
    const previous = this.hash ?? (begun === undefined ? undefined : genesis(begun))
    if (bytes !== undefined && previous === undefined) return fail("hash", "Event 1 is not the beginning of a log.")
    // The chain's word comes first: what was damaged may read as anything, or as nothing.
    if (bytes !== undefined && !link(previous!, bytes.json).equals(bytes.hash)) {
      return begun !== undefined && begun !== this.log && link(genesis(begun), bytes.json).equals(bytes.hash)
        ? fail("other-log", `The store holds another log than its witness speaks of (${this.log}).`)
        : fail("hash", `Event ${seq} is not what was written: its hash does not follow from the one before.`)
    }
    if (Result.isFailure(result)) return fail("unreadable", result.failure.message)
    const recorded = result.success
    if ((seq === 1) !== (recorded.event._tag === "LogCreated")) {
      return fail("unreadable", seq === 1 ? "Event 1 is not the beginning of a log." : `Event ${seq} begins another log.`)
    }
    const { hash, json } = bytes!
    if (json.length > eventMaxBytes) {
      return fail("unreadable", `Event ${seq} has ${json.length} bytes, which is more than the log takes (${eventMaxBytes}).`)
    }
    // Such bytes would not survive an export.
    if (!isUtf8(json) || json.includes(newline)) return fail("unreadable", `Event ${seq} is not UTF-8 on one line.`)
    if (!isRecorded(recorded)) return fail("unreadable", `Event ${seq} is not what its schema says: ${whyNot(recorded)}.`)
    if (seq === this.said?.seq && !hash.equals(this.said.hash)) {
      return fail("hash", `Event ${seq} is not the one that the witness of the log has seen.`)
    }
    this.log ??= begun
    this.at = seq
    this.hash = hash
    this.atMs = recorded.atMs
    return Result.succeed(recorded)
  }
}

/** Whether it reaches as far as its witness. */
export const shorter = (at: number, said: Head | undefined): Damage | null => {
  if (said === undefined || at >= said.seq) return null
  const message = `The log ends with event ${at}, and its witness has seen ${said.seq}: the last ${said.seq - at} are lost.`
  return { kind: "shorter", seq: at + 1, message }
}

/** Whether states were kept of more than there is. */
export const ahead = (at: number, kept: ReadonlyArray<number>): Damage | null => {
  const seq = kept.find((seq) => seq > at)
  if (seq === undefined) return null
  const message = `A snapshot holds the state at event ${seq}, and the log ends with event ${at}.`
  return { kind: "snapshot-ahead", seq: at + 1, message }
}

const decode = Schema.decodeUnknownResult(Recorded)
const format = SchemaIssue.makeFormatterStandardSchemaV1()
/** The first field that is wrong. */
const whyNot = (recorded: unknown): string => {
  const result = decode(recorded)
  const [issue] = Result.isFailure(result) ? format(result.failure.issue).issues : []
  const path = (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  return `${path === "" ? "" : `${path}: `}${issue?.message ?? "not understood"}`
}
