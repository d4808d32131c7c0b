/** How a job was closed with its cluster while somebody looked: what the state knows of it goes with the cluster. */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../events/ids.ts"
import type { JobClosed } from "../../events/job.ts"
import type { EventLog } from "../log/EventLog.ts"

export const closedMeanwhile = (log: EventLog["Service"], cluster: ClusterId, job: number | undefined) =>
  Effect.gen(function* () {
    let closed: typeof JobClosed.Type | undefined
    const stop = log.follow((group) => {
      for (const { event } of group) if (event._tag === "JobClosed" && event.cluster === cluster && event.job === job) closed = event
    })
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    return () => closed
  })
