/** What performing an action yields: facts, not yet recorded. Pure. */
import type { Event } from "../../events/Event.ts"
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { JobRow } from "../../projections/jobs.ts"
import { cut } from "../../task/sentence.ts"
import type { CloudError } from "../clouds/Cloud.ts"

export interface Facts {
  readonly events: ReadonlyArray<Event | readonly [Event, OperationId]>
  readonly operation: OperationId | null
  /** They were decided on the row as it stood, and hold only while nothing else is recorded about it. Observations hold anyway. */
  readonly decided: boolean
}

export const decided = (operation: OperationId | null, events: Facts["events"]): Facts => ({ events, operation, decided: true })
export const seen = (operation: OperationId | null, events: Facts["events"]): Facts => ({ events, operation, decided: false })

/** Jobs end with the cluster under them; they do not revive. */
export const closing = (
  cluster: ClusterRow["id"],
  unfinished: ReadonlyArray<JobRow>,
  reason: string | null,
  status: "FAILED" | "CANCELLED" = "FAILED"
): ReadonlyArray<readonly [Event, OperationId] | Event> =>
  unfinished.map((job) => {
    const closed: Event = { _tag: "JobClosed", cluster, job: job.id, status, returnCodes: [], reason }
    return job.operation === null ? closed : ([closed, job.operation] as const)
  })

/** Of what a cloud says to a refusal. */
const refusalMaxChars = 4096

export const refusalIn = ({ anyKind, code, credentials, message, scope, want }: CloudError) => ({
  code,
  message: cut(message, refusalMaxChars),
  ...(scope && { scope }),
  ...(anyKind === undefined ? {} : { anyKind }),
  ...(want && { want }),
  ...(credentials && { credentials })
})
