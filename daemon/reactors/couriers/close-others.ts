/**
 * A log that was put back from an older backup gives a number again that the node has given to another job since. The job that got it
 * second never runs: it ends here, with the reason. Nothing of the other one is taken for its.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ClusterId } from "../../../events/ids.ts"
import { rowOf } from "../../../projections/clusters.ts"
import { type Jobs, unfinishedOf } from "../../../projections/jobs.ts"
import { streamOf } from "../../commands/decision.ts"
import type { Identity } from "../../life/Identity.ts"
import type { EventLog } from "../../log/EventLog.ts"
import type { World } from "../../World.ts"
import { closing, type Facts } from "../facts.ts"

export const whyOther = (id: number) =>
  `the node already had a job ${id} that this log does not know: the log was put back from an older backup. Submit it again`

/** Of one that has begun, or ended, the head said so itself: it is no other. */
const closingOthers = (cluster: ClusterId, jobs: Jobs, others: ReadonlyArray<number>): Facts["events"] =>
  unfinishedOf(jobs, cluster)
    .filter(({ id, startedAtMs }) => startedAtMs === null && others.includes(id))
    .flatMap((job) => closing(cluster, [job], whyOther(job.id)))

export interface Tools {
  readonly log: EventLog["Service"]
  readonly identity: Identity["Service"]
}

/** `others`: numbers that a head has given to other jobs. What it said before is in the log already. */
export const closeOthers = (cluster: ClusterId, others: ReadonlyArray<number>, tools: Tools): Effect.Effect<void> =>
  closeJobs(cluster, (jobs) => closingOthers(cluster, jobs, others), tools)

export const closeJobs = (cluster: ClusterId, closing: (jobs: Jobs) => Facts["events"], { identity, log }: Tools): Effect.Effect<void> => {
  const decide = ({ clusters, jobs }: World) => {
    const closed = rowOf(clusters, cluster) === undefined ? [] : closing(jobs)
    const events = closed.map((each) =>
      "_tag" in each ? ([streamOf(cluster), each] as const) : ([streamOf(cluster), each[0], each[1]] as const)
    )
    return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor: identity.actor, expect: [] })
  }
  return Effect.asVoid(Effect.orDie(log.decide(decide)))
}
