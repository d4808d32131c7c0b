/** `sky logs -s`: copies the logs of jobs to this machine, one file a rank. */

import { join } from "node:path"
import { ClientError } from "../../sdk/client/ClientError.ts"
import { copyLog, logFolderOf } from "../../sdk/client/copy-log.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import { stdout } from "../out.ts"
import { missing } from "../pick.ts"
import { jsonLine } from "../render/json.ts"
import { tellUnread } from "../render/unread.ts"

/** Without ids: the latest job. */
export const syncDown = async (session: Session, clusterName: string, jobIds: ReadonlyArray<number>, json: boolean): Promise<number> => {
  const asked = jobIds.length > 0 ? { jobIds } : {}
  const { jobs, notFound } = await session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName], ...asked })
  for (const error of await missing(session, notFound)) throw error
  if (jobs.length === 0) throw new ClientError("JobDoesNotExist", exitCodes.notFound, `No job was submitted to ${clusterName}.`)
  const folders: Record<string, string> = {}
  let isWhole = true
  for (const job of jobIds.length > 0 ? jobs : jobs.slice(0, 1)) {
    const folder = logFolderOf(job, join(process.env.HOME ?? ".", "sky_logs"))
    const unread = await copyLog(session, job, folder)
    tellUnread({ jobId: job.id, unread })
    isWhole &&= unread.length === 0
    folders[job.id] = folder
    if (!json) stdout.write(`Job ${job.id}: ${folder}\n`)
  }
  if (json) stdout.write(jsonLine(folders))
  return isWhole ? exitCodes.ok : exitCodes.failed
}
