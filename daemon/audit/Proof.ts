/** What is proven of a log, one event after the other: number, chain, witness, and every field by its schema. */
import { isUtf8 } from "node:buffer"
import * as Result from "effect/Result"
import type { Recorded } from "../../events/Recorded.ts"
import type { Damage, Head as HeadView } from "../../sdk/protocol/audit.ts"
import { eventMaxBytes, genesis } from "../log/chain.ts"
import { checkNext } from "../log/check-next.ts"
import type { Head } from "../log/head-file.ts"
import type { LogDamaged } from "../log/LogDamaged.ts"
import type { Stored } from "../log/LogStore.ts"
import { readJson } from "../log/read-record.ts"
import { whyUnsound } from "../log/sound.ts"

const newline = 10

export const damageOf = ({ damage, message, seq }: LogDamaged): Damage => ({ kind: damage, seq, message })

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
    const checked = checkNext(this, stored, this.said)
    if (Result.isFailure(checked)) return Result.fail(damageOf(checked.failure))
    const { hash, json } = checked.success
    const fail = (message: string) => Result.fail({ kind: "unreadable", seq, message })
    const result = readJson(seq, json)
    if (Result.isFailure(result)) return fail(result.failure.message)
    const recorded = result.success
    if ((seq === 1) !== (recorded.event._tag === "LogCreated")) {
      return fail(seq === 1 ? "Event 1 is not the beginning of a log." : `Event ${seq} begins another log.`)
    }
    if (json.length > eventMaxBytes) {
      return fail(`Event ${seq} has ${json.length} bytes, which is more than the log takes (${eventMaxBytes}).`)
    }
    // Such bytes would not survive an export.
    if (!isUtf8(json) || json.includes(newline)) return fail(`Event ${seq} is not UTF-8 on one line.`)
    const unsound = whyUnsound(recorded)
    if (unsound !== undefined) return fail(unsound)
    if (recorded.event._tag === "LogCreated") this.log ??= recorded.event.log
    this.at = seq
    this.hash = hash
    this.atMs = recorded.atMs
    return Result.succeed(recorded)
  }
}
