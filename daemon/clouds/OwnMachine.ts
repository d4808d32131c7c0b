/** A machine of the user's own, as it is now: what `sky ssh ls` tells of it. */
import type { Offer } from "../../events/values.ts"

export interface OwnMachine {
  readonly pool: string
  readonly host: string
  readonly status: "free" | "leased" | "unreachable" | "unusable"
  /** Of the cluster that has it, whoever's log it is of. */
  readonly clusterName: string | null
  /** Why it cannot be had, in words. */
  readonly reason: string | null
  /** What it is made of; null where it was not reached. */
  readonly cpus: number | null
  readonly memoryGib: number | null
  readonly accelerators: Offer["accelerators"]
  /** The version of its Node; null: there is none that will do, ours will be brought. */
  readonly node: string | null
  /** What its owner should know although it works: a sentence each, without its full stop. */
  readonly warnings: ReadonlyArray<string>
}

/** Whether one holds a node that the caller knows. */
export type IsHad = (machine: { readonly region: string; readonly host: string }) => boolean
