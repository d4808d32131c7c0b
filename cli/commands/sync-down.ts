/** `sky logs -s`: copies the logs of jobs to this machine, one file a rank. */

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import { ClientError } from "../../sdk/client/ClientError.ts"
import type { Session } from "../../sdk/client/Session.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer } from "../../sdk/protocol/queries.ts"
import { stdout } from "../out.ts"
import { missing } from "../pick.ts"
import { jsonLine } from "../render/json.ts"

const copy = async (session: Session, clusterName: string, jobId: number, folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const files = new Map<number, number>()
  const onLog = (rank: number, bytes: string | Buffer) => {
    if (!files.has(rank)) files.set(rank, openSync(join(folder, `rank-${rank}.log`), "w"))
    const data = Buffer.from(bytes as string)
    for (let at = 0; at < data.length; ) at += writeSync(files.get(rank)!, data, at)
  }
  try {
    await session.call("logs", { clusterName, jobId, follow: false }, { onLog })
  } finally {
    for (const file of files.values()) closeSync(file)
  }
}

/** Without ids: the latest job. */
export const syncDown = async (session: Session, clusterName: string, jobIds: ReadonlyArray<number>, json: boolean): Promise<number> => {
  const asked = jobIds.length > 0 ? { jobIds } : {}
  const { jobs, notFound } = await session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName], ...asked })
  for (const error of await missing(session, notFound)) throw error
  if (jobs.length === 0) throw new ClientError("JobDoesNotExist", exitCodes.notFound, `No job was submitted to ${clusterName}.`)
  const folders: Record<string, string> = {}
  for (const job of jobIds.length > 0 ? jobs : jobs.slice(0, 1)) {
    const folder = join(process.env.HOME ?? ".", "sky_logs", basename(job.logPath), `job-${job.id}`)
    await copy(session, clusterName, job.id, folder)
    folders[job.id] = folder
    if (!json) stdout.write(`Job ${job.id}: ${folder}\n`)
  }
  if (json) stdout.write(jsonLine(folders))
  return exitCodes.ok
}
