/** `sky logs --rank`: refused when the job has no such rank. */
import type { Session } from "../../sdk/client/Session.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import { refusePattern } from "../pick.ts"
import { usageError } from "../render/error.ts"

/** What is not found is left to the request for the log itself. */
export const checkRank = async (session: Session, clusterName: string, jobId: number | null, rank: number): Promise<void> => {
  await refusePattern(session, clusterName, "logs")
  const { jobs } = await session.call<JobQueueAnswer>("queue", {
    clusterNames: [clusterName],
    ...(jobId === null ? {} : { jobIds: [jobId] })
  })
  const [job] = jobs
  if (job === undefined || rank < job.numNodes) return
  throw usageError(`Job ${job.id} has no rank ${rank}: it has ${job.numNodes === 1 ? "only rank 0" : `ranks 0 to ${job.numNodes - 1}`}.`)
}
