/** A job's log on this machine, one file a rank, byte for byte. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { JobView } from "../protocol/rows.ts"
import { ClientError } from "./ClientError.ts"
import { unwritten } from "./home-problems.ts"
import type { Session } from "./Session.ts"

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

/** As it is now: what comes later is not waited for. */
export const copyLog = async (session: Session, { cluster, id }: JobView, folder: string): Promise<void> => {
  written(folder, () => mkdirSync(folder, { recursive: true }))
  const files = new Map<number, number>()
  const write = (rank: number, bytes: string | Buffer) => {
    if (!files.has(rank)) files.set(rank, openSync(join(folder, `rank-${rank}.log`), "w"))
    const data = Buffer.from(bytes as string)
    for (let at = 0; at < data.length; ) at += writeSync(files.get(rank)!, data, at)
  }
  try {
    await session.call(
      "logs",
      { clusterName: cluster, jobId: id, follow: false },
      { onLog: (rank, bytes) => written(folder, () => write(rank, bytes)) }
    )
  } finally {
    for (const file of files.values()) closeSync(file)
  }
}
