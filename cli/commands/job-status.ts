/** `sky logs --status`: a job's status as a word and as an exit code, for scripts that wait. */

import type { ClientError } from "../../sdk/client/ClientError.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { stderr, stdout } from "../out.ts"
import { missing } from "../pick.ts"
import { jsonLine } from "../render/json.ts"

const statusCodes: Partial<Record<JobView["status"], number>> = {
  SUCCEEDED: exitCodes.ok,
  FAILED: exitCodes.jobFailed,
  FAILED_SETUP: exitCodes.jobFailed,
  CANCELLED: exitCodes.jobCancelled
}

export const showStatus = async (session: Session, clusterName: string, jobId: number | null, json: boolean): Promise<number> => {
  const jobIds = jobId === null ? {} : { jobIds: [jobId] }
  const none = { jobs: [], clusters: [], notFound: [] }
  const { jobs, notFound } = await session
    .call<JobQueueAnswer>("queue", { clusterNames: [clusterName], ...jobIds })
    .catch((error: ClientError): JobQueueAnswer => {
      if (error.tag === "JobDoesNotExist") return none
      throw error
    })
  for (const error of await missing(session, notFound)) throw error
  const [job] = jobs
  const code = job === undefined ? exitCodes.jobNotFound : (statusCodes[job.status] ?? exitCodes.jobNotFinished)
  if (json) stdout.write(jsonLine({ jobId: job?.id ?? jobId, status: job?.status ?? null }))
  else if (job !== undefined) stdout.write(`Job ${job.id}: ${job.status}\n`)
  else
    stderr.write(jobId === null ? `No job was submitted to ${clusterName}.\n` : `Job ${jobId} not found. See: sky queue ${clusterName}\n`)
  return code
}
