/** Waits for a job's end by the log's facts: its output is not asked for, and a daemon that comes back goes on where it was. */
import type { Session } from "../client/Session.ts"
import type { JobQueueAnswer } from "../protocol/queries.ts"
import type { ResourceHandle } from "../protocol/rows.ts"
import { JobDoesNotExist } from "./exceptions.ts"
import { exceptionOf } from "./from-wire.ts"

interface Fact {
  readonly event: { readonly _tag: string; readonly cluster?: string; readonly job?: number }
}

/** `at`: a position of the log before which its end is not looked for. */
export const untilOver = async (session: Session, { clusterId, clusterName }: ResourceHandle, jobId: number, at: number): Promise<void> => {
  const over = Promise.withResolvers<void>()
  const onEvent = (recorded: unknown) => {
    const { _tag, cluster, job } = (recorded as Fact).event
    if (cluster !== clusterId) return
    if (_tag === "ClusterGone" || ((_tag === "JobEnded" || _tag === "JobClosed") && job === jobId)) over.resolve()
  }
  session.call("events.follow", { after: at }, { onEvent }).catch(over.reject)
  session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName], jobIds: [jobId] }).then(
    ({ jobs }) => {
      if (jobs.every(({ endedAtMs }) => endedAtMs !== null)) over.resolve()
    },
    (cause) => (exceptionOf(cause) instanceof JobDoesNotExist ? over.resolve() : over.reject(cause))
  )
  await over.promise
}
