/**
 * Jobs of one cluster that no head can know of yet. One that is to be cancelled ends here, at once, whoever is not reached, and is not
 * delivered any more. What was open when the daemon began may have been delivered by the one before.
 */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import { type JobRow, type Jobs, jobOf, unfinishedOf } from "../../../projections/jobs.ts"
import { closing } from "../facts.ts"
import { closeJobs, type Tools } from "./close-others.ts"

export class Undelivered {
  private readonly cluster: ClusterId
  private readonly before: Jobs
  private readonly delivered = new Set<number>()
  private readonly closing = new Set<number>()

  constructor(cluster: ClusterId, before: Jobs) {
    this.cluster = cluster
    this.before = before
  }

  /** Those of them that may be delivered; from now on a head may know of them. */
  readonly take = (jobs: ReadonlyArray<JobRow>): ReadonlyArray<JobRow> => {
    const taken = jobs.filter(({ id }) => !this.closing.has(id))
    for (const { id } of taken) this.delivered.add(id)
    return taken
  }

  cancelled(jobs: Jobs): ReadonlyArray<JobRow> {
    return unfinishedOf(jobs, this.cluster).filter(
      ({ cancelRequested, id, isImported }) =>
        cancelRequested && !isImported && !this.delivered.has(id) && jobOf(this.before, this.cluster, id) === undefined
    )
  }

  close(tools: Tools): Effect.Effect<void> {
    const decided = (jobs: Jobs) => {
      const cancelled = this.cancelled(jobs)
      for (const { id } of cancelled) this.closing.add(id)
      return closing(this.cluster, cancelled, null, "CANCELLED")
    }
    return Effect.ensuring(
      closeJobs(this.cluster, decided, tools),
      Effect.sync(() => this.closing.clear())
    )
  }
}
