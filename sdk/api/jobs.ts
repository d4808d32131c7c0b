/** The jobs of a cluster: `queue`, `cancel`, `jobStatus`, `downloadLogs`. */
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { copyLog, logFolderOf, unreadText } from "../client/copy-log.ts"
import type { Session } from "../client/Session.ts"
import type { JobQueueAnswer } from "../protocol/queries.ts"
import type { JobView } from "../protocol/rows.ts"
import { type Maybe, clusterName as nameOf, options, shown, wholeNumbers, yesOrNo } from "./arguments.ts"
import { onSession, type Waiting, wish } from "./call.ts"
import type { JobStatus } from "./enums.ts"
import { ClusterDoesNotExist, JobDoesNotExist, RuntimeError, ValueError } from "./exceptions.ts"

export interface QueueOptions extends Waiting {
  /** Only jobs that are not over. */
  readonly skipFinished?: Maybe<boolean>
}

export interface CancelOptions extends Waiting {
  /** Every job that is not over. */
  readonly all?: Maybe<boolean>
  /** These. Neither: the latest running job. An empty list: none. */
  readonly jobIds?: Maybe<Iterable<number>>
}

export interface JobsOptions extends Waiting {
  /** Which jobs; `null` means the latest, an empty list none. */
  readonly jobIds?: Maybe<Iterable<number>>
}

export interface DownloadOptions extends JobsOptions {
  /** `~/sky_logs` where nothing is said. */
  readonly localDir?: Maybe<string>
}

/** A job. Times are Unix seconds, with fractions. */
export interface JobRecord {
  readonly jobId: number
  readonly jobName: string | null
  readonly username: string
  readonly submittedAt: number
  readonly startAt: number | null
  readonly endAt: number | null
  readonly status: JobStatus
  /** Why it waits, or why it ended so. */
  readonly reason: string | null
  readonly numNodes: number
  /** Of each node. */
  readonly accelerators: Readonly<Record<string, number>> | null
  /** Exit codes by rank; empty while it runs. */
  readonly returnCodes: ReadonlyArray<number>
  /** The folder of its log on the head node. */
  readonly logPath: string
}

const second = (ms: number | null) => (ms === null ? null : ms / 1000)

const recordOf = (job: JobView): JobRecord => ({
  jobId: job.id,
  jobName: job.name,
  username: job.user,
  submittedAt: job.submittedAtMs / 1000,
  startAt: second(job.startedAtMs),
  endAt: second(job.endedAtMs),
  status: job.status,
  reason: job.reason,
  numNodes: job.numNodes,
  accelerators: job.accelerators === null ? null : { [job.accelerators.name]: job.accelerators.count },
  returnCodes: job.returnCodes,
  logPath: job.logPath
})

/** Newest first. */
export const jobsOn = async (session: Session, clusterName: string, skipFinished = false): Promise<ReadonlyArray<JobView>> => {
  const { clusters, jobs } = await session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName], skipFinished })
  if (clusters.includes(clusterName)) return jobs.filter(({ cluster }) => cluster === clusterName)
  throw new ClusterDoesNotExist(`There is no cluster '${clusterName}'.`, { fields: { cluster: clusterName } })
}

/**
 * The jobs of a cluster, newest first. Answered from the log, whatever state the cluster is in. Rejects with `ValueError` (no such
 * cluster).
 */
export const queue = async (clusterName: string, queueOptions?: Maybe<QueueOptions>): Promise<Array<JobRecord>> => {
  const { signal, skipFinished } = options(queueOptions, ["skipFinished", "signal"], "queue")
  const name = nameOf(clusterName)
  const skip = yesOrNo(skipFinished, "skipFinished") ?? false
  return onSession({ what: "queue" }, { signal }, async (session) => (await jobsOn(session, name, skip)).map(recordOf))
}

/**
 * Ends jobs with their whole process trees. Resolves to the numbers of those that were not over yet.
 *
 * Rejects with `ValueError` (no such cluster or job; `all` together with numbers) and `ClusterNotUpError`.
 */
export const cancel = async (clusterName: string, cancelOptions?: Maybe<CancelOptions>): Promise<Array<number>> => {
  const { all, jobIds, signal } = options(cancelOptions, ["all", "jobIds", "signal"], "cancel")
  const ids = wholeNumbers(jobIds, "jobIds")
  if (yesOrNo(all, "all") && ids !== undefined) throw new ValueError("all and jobIds exclude each other.")
  const params = { clusterName: nameOf(clusterName), all: all ?? false, jobIds: ids ?? null }
  return [...(await wish("cancel", params, { signal })).cancelled]
}

/**
 * The status of jobs by their numbers; `null` for one that does not exist. Of the latest job where no numbers are given, and empty when
 * there is none. Rejects with `ValueError` (no such cluster).
 */
export const jobStatus = async (clusterName: string, statusOptions?: Maybe<JobsOptions>): Promise<Record<number, JobStatus | null>> => {
  const { jobIds, signal } = options(statusOptions, ["jobIds", "signal"], "jobStatus")
  const name = nameOf(clusterName)
  const ids = wholeNumbers(jobIds, "jobIds")
  return onSession({ what: "jobStatus" }, { signal }, async (session) => {
    const jobs = await jobsOn(session, name)
    const asked = ids ?? jobs.slice(0, 1).map(({ id }) => id)
    return Object.fromEntries(asked.map((id) => [id, jobs.find((job) => job.id === id)?.status ?? null]))
  })
}

/**
 * Copies the logs of jobs to this machine as they are now, one file a rank, byte for byte. Resolves to their folders by number; the latest
 * job where no numbers are given.
 *
 * Rejects with `ValueError` (no such cluster or job) and `ClusterNotUpError` (its logs cannot be read now); with `RuntimeError` when a
 * machine of the cluster does not answer, once all that could be had is copied.
 */
export const downloadLogs = async (clusterName: string, downloadOptions?: Maybe<DownloadOptions>): Promise<Record<number, string>> => {
  const { jobIds, localDir, signal } = options(downloadOptions, ["jobIds", "localDir", "signal"], "downloadLogs")
  const name = nameOf(clusterName)
  const ids = wholeNumbers(jobIds, "jobIds")
  if (typeof (localDir ?? "") !== "string") throw new ValueError(`localDir takes the path of a folder, got ${shown(localDir)}.`)
  const parent = resolve(localDir ?? join(homedir(), "sky_logs"))
  return onSession({ what: "downloadLogs" }, { signal }, async (session) => {
    const jobs = await jobsOn(session, name)
    const missing = ids?.find((id) => !jobs.some((job) => job.id === id))
    if (missing !== undefined) throw new JobDoesNotExist(`${name} has no job ${missing}.`)
    if (ids === undefined && jobs.length === 0) throw new JobDoesNotExist(`No job was submitted to ${name} yet.`)
    const folders: Record<number, string> = {}
    const missed: Array<string> = []
    for (const job of ids === undefined ? jobs.slice(0, 1) : jobs.filter(({ id }) => ids.includes(id))) {
      folders[job.id] = logFolderOf(job, parent)
      const unread = await copyLog(session, job, folders[job.id]!)
      missed.push(...unread.map((one) => unreadText(job.id, one)))
    }
    if (missed.length > 0) throw new RuntimeError(missed.join("\n"), { fields: { folders } })
    return folders
  })
}
