/** What is proven of a run of events, given the hash of the one before it. */
import * as Result from "effect/Result"
import type { Damage, Head as HeadView } from "../../sdk/protocol/audit.ts"
import type { Head } from "../log/head-file.ts"
import type { Stored } from "../log/LogStore.ts"
import { type Trace, Tracer } from "./IndexProof.ts"
import { Proof } from "./Proof.ts"

export interface Run {
  readonly said: Head | undefined
  /** The event before, and its hash; undefined where the log begins. */
  readonly at: number
  readonly hash: Buffer | undefined
  readonly values: ReadonlyArray<Stored>
}

export interface Proven {
  /** The last event of the run that is proven; null: none is. */
  readonly head: HeadView | null
  readonly damage: Damage | null
  readonly trace: Trace
}

export const proveRun = ({ at, hash, said, values }: Run): Proven => {
  const proof = at === 0 ? new Proof(said) : new Proof(said, at, hash)
  const tracer = new Tracer(at + 1, values.length)
  let damage: Damage | null = null
  for (const stored of values) {
    const result = proof.next(stored)
    if (Result.isFailure(result)) {
      damage = result.failure
      break
    }
    tracer.add(result.success)
  }
  return { head: proof.head, damage, trace: tracer.trace(proof.at - at) }
}
