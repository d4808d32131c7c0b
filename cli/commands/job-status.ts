/** `sky logs --status`: a job's status as a word and as an exit code, for scripts that wait. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer, LogsAnswer } from "../../sdk/protocol/queries.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import { stdout } from "../out.ts"
import { missing } from "../pick.ts"
import { showError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { noticesFirst, notify } from "../render/notify.ts"

const statusCodes: Partial<Record<JobView["status"], number>> = {
  SUCCEEDED: exitCodes.ok,
  FAILED: exitCodes.jobFailed,
  FAILED_SETUP: exitCodes.jobFailed,
  CANCELLED: exitCodes.jobCancelled
}

/** For scripts: the error beside the answer. */
export const tellFailed = (jobId: number, cluster: string, words: string): number =>
  showError(new ClientError("JobFailed", exitCodes.jobFailed, `Job ${jobId} on ${cluster} ${words}.`, `sky logs ${cluster} ${jobId}`), true)

const tellMissing = (jobId: number | null, cluster: string, json: boolean): number => {
  const [message, hint] =
    jobId === null
      ? [`No job was submitted to ${cluster}.`, null]
      : [`${cluster} has no job ${jobId}.`, `sky queue ${cluster} lists its jobs.`]
  return showError(new ClientError("JobDoesNotExist", exitCodes.jobNotFound, message, hint), json)
}

/** Where there are notices the log's word may stand still: what has ended since, its node knows. */
const statusOf = async (session: Session, clusterName: string, { endedAtMs, id, status }: JobView, mayStandStill: boolean) => {
  if (!mayStandStill || endedAtMs !== null) return status
  const { status: ended } = await session.call<LogsAnswer>("logs", { clusterName, jobId: id, follow: false, tail: 0 })
  return (ended as JobView["status"] | null) ?? status
}

export const showStatus = async (session: Session, clusterName: string, jobId: number | null, json: boolean): Promise<number> => {
  const jobIds = jobId === null ? {} : { jobIds: [jobId] }
  const none: JobQueueAnswer = { jobs: [], clusters: [], notFound: [] }
  const { jobs, notFound, notices } = await session
    .call<JobQueueAnswer>("queue", { clusterNames: [clusterName], ...jobIds })
    .catch(noticesFirst(session))
    .catch((error: ClientError) => {
      if (error.tag === "JobDoesNotExist") return none
      throw error
    })
  notify(notices)
  for (const error of await missing(session, notFound)) throw error
  const [job] = jobs
  const status = job && (await statusOf(session, clusterName, job, notices !== undefined))
  if (json) stdout.write(jsonLine({ jobId: job?.id ?? jobId, status: status ?? null }))
  if (job === undefined || status === undefined) return tellMissing(jobId, clusterName, json)
  if (!json) stdout.write(`Job ${job.id}: ${status}\n`)
  const code = statusCodes[status] ?? exitCodes.jobNotFinished
  const isFailed = json && code === exitCodes.jobFailed
  return isFailed ? tellFailed(job.id, clusterName, status.toLowerCase().replace("_", " in ")) : code
}
