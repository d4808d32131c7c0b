/** What a cloud offers for a task, and what a cluster on an offer may lack. */
import type { Offer } from "../../events/values.ts"
import type { Refusal } from "../../projections/ClusterRow.ts"

export interface Offered {
  readonly offers: ReadonlyArray<Offer>
  readonly reason: string | null
  /** It never will: what was asked for is a feature that this cloud has not. */
  readonly lacks?: boolean
  /** It could have it later: others have it now, or it is not reached. */
  readonly busy?: boolean
  /** None of it can be used. */
  readonly off?: boolean
  /** For want of credentials or rights: no other time is of any help. */
  readonly isForbidden?: boolean
  /** Nobody answered whether it can be used. */
  readonly isSilent?: boolean
  /** For what the user has written, in the task or in `config.yaml`: no other time is of any help either. */
  readonly isMistaken?: boolean
  /** What accelerators machines of the user's own have, which no list may know; null: not all of them were seen. */
  readonly kinds?: ReadonlyArray<string> | null
  /** The user's way on. */
  readonly hint?: string
  /** Clouds that were set up and cannot be used now, and why: what is offered is taken in their place, for a task that names none. */
  readonly missed?: ReadonlyArray<{ readonly cloud: string; readonly why: string }>
  /** What was left out of a plan, since the account has no quota there. */
  readonly noQuota?: ReadonlyArray<Refusal>
}

/** What not every machine of every cloud has: to be stopped with its disks, to run again, to show a bucket as a folder. */
export type ClusterFeature = "STOP" | "RESTART" | "STORAGE_MOUNTING"

/** How far a quota of zero reaches; `message`: a sentence without its full stop. `anyKind`, as in `CloudError`. */
export interface NoQuota {
  readonly message: string
  readonly scope: "region" | "cloud"
  readonly anyKind?: boolean
}
