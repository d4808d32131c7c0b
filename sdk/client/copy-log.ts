/** A job's log on this machine, one file a rank, byte for byte. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import type { JobView } from "../protocol/rows.ts"
import type { Session } from "./Session.ts"

/** Where the logs of a job go: below `~/sky_logs`, in a folder named after its run. */
export const logFolderOf = ({ id, logPath }: JobView, parent: string): string => join(parent, basename(logPath), `job-${id}`)

/** As it is now: what comes later is not waited for. */
export const copyLog = async (session: Session, { cluster, id }: JobView, folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  const files = new Map<number, number>()
  const onLog = (rank: number, bytes: string | Buffer) => {
    if (!files.has(rank)) files.set(rank, openSync(join(folder, `rank-${rank}.log`), "w"))
    const data = Buffer.from(bytes as string)
    for (let at = 0; at < data.length; ) at += writeSync(files.get(rank)!, data, at)
  }
  try {
    await session.call("logs", { clusterName: cluster, jobId: id, follow: false }, { onLog })
  } finally {
    for (const file of files.values()) closeSync(file)
  }
}
