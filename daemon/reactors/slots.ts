/** Where the work on each cluster is. */
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"

/** What a cluster's fiber is at, and who is told how far that is. */
export interface Slot {
  key: string
  tries: number
  done: boolean
  operation?: OperationId | undefined
  /** The last request by when it failed: it waits before it tries again. */
  failedFor?: OperationId | null | undefined
}

export const lastAsked = (row: ClusterRow | undefined): OperationId | null => row?.operations.at(-1)?.id ?? null

/** Who asks for what has failed does not wait for as long as it would be waited for by itself. */
export const isAskedAgain = (slot: Slot | undefined, row: ClusterRow | undefined): boolean =>
  slot?.failedFor !== undefined && ![null, slot.failedFor].includes(lastAsked(row))
