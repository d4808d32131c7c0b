/** A job's log on this machine, one file a rank, byte for byte. */
import { closeSync, mkdirSync, openSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { LogsAnswer } from "../protocol/queries.ts"
import type { JobView } from "../protocol/rows.ts"
import { ClientError } from "./ClientError.ts"
import { unwritten } from "./home-problems.ts"
import type { Session } from "./Session.ts"

type Unread = NonNullable<LogsAnswer["unread"]>

export const unreadText = (jobId: number | null, { gone, rank, reason }: Unread[number]): string =>
  `The log of rank ${rank}${jobId === null ? "" : ` of job ${jobId}`} is not all there, its machine ${gone ? "is gone" : "does not answer"}: ${reason}`

/** Where the logs of a job go: below `~/sky_logs`, in a folder named after its run. */
export const logFolderOf = ({ id, logPath }: JobView, parent: string): string => join(parent, basename(logPath), `job-${id}`)

/** Of whatever writes below a folder. */
const written = <A>(folder: string, act: () => A): A => {
  try {
    return act()
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException
    const [tag, exitCode] = code === "ENOSPC" ? (["RuntimeError", exitCodes.capacity] as const) : (["ValueError", exitCodes.usage] as const)
    throw new ClientError(tag, exitCode, `The logs cannot be written to ${folder}: ${unwritten[code] ?? message}.`)
  }
}

/** Where one rank's log is written until it is whole. */
class Copy {
  private readonly path: string
  private readonly temp: string
  private readonly fd: number
  private size = 0

  constructor(folder: string, rank: number) {
    this.path = join(folder, `rank-${rank}.log`)
    this.temp = `${this.path}.${process.pid}.part`
    this.fd = openSync(this.temp, "w")
  }
  write(data: Buffer): void {
    for (let at = 0; at < data.length; ) at += writeSync(this.fd, data, at)
    this.size += data.length
  }
  /** Logs only grow: what came of one that broke off stands in for none, or for less. */
  end(isWhole: boolean): void {
    closeSync(this.fd)
    if (isWhole || this.size > (statSync(this.path, { throwIfNoEntry: false })?.size ?? 0)) renameSync(this.temp, this.path)
    else unlinkSync(this.temp)
  }
}

/** As it is now: what comes later is not waited for. Resolves to the ranks of which not all could be had. */
export const copyLog = async (session: Session, { cluster, id }: JobView, folder: string): Promise<Unread> => {
  written(folder, () => mkdirSync(folder, { recursive: true }))
  const copies = new Map<number, Copy>()
  const copyOf = (rank: number) => copies.get(rank) ?? copies.set(rank, new Copy(folder, rank)).get(rank)!
  let whole: (rank: number) => boolean = () => false
  try {
    const { unread = [] } = await session.call<LogsAnswer>(
      "logs",
      { clusterName: cluster, jobId: id, follow: false },
      { onLog: (rank, bytes) => written(folder, () => copyOf(rank).write(Buffer.from(bytes as string))) }
    )
    whole = (rank) => !unread.some((one) => one.rank === rank)
    return unread
  } finally {
    for (const [rank, copy] of copies) written(folder, () => copy.end(whole(rank)))
  }
}
