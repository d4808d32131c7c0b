/**
 * What of a node runs on this machine, told from /proc: its agent by the folder in its command line, its jobs' processes by
 * the folder in their environment. A zombie is gone. Pids are never trusted alone: they are used again.
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { nodeFiles } from "../sdk/agent/node-folder.ts"
import { readOrNull } from "./folder.ts"

const scanWidth = 64
const pollFirstMs = 2
const pollLastMs = 50

const procfs = process.platform === "linux"

const isAlive = async (pid: number): Promise<boolean> => {
  if (procfs) {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null)
    return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2))
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Whether it went away within the time. */
export const isGone = async (pid: number, withinMs: number): Promise<boolean> => {
  const until = performance.now() + withinMs
  for (let wait = pollFirstMs; await isAlive(pid); wait = Math.min(wait * 2, pollLastMs)) {
    if (performance.now() > until) return false
    await sleep(wait)
  }
  return true
}

/** The live agent of this folder, whether it answers or not. Without /proc nobody can be told apart, so nobody is named. */
export const agentPid = async (folder: string): Promise<number | null> => {
  const text = await readOrNull(join(folder, nodeFiles.pid))
  const pid = Number(/\d+/.exec(text ?? "")?.[0])
  if (!pid || !procfs || !(await isAlive(pid))) return null
  const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return args.split("\0").includes(folder) ? pid : null
}

const isOfNode = async (pid: string, mark: string) => {
  const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")
  return environ.split("\0").includes(mark) && (await isAlive(Number(pid)))
}

/**
 * Processes of the node's jobs that still run: its agent marks them so. By its folder, not its id: a log that was imported into
 * another state folder knows the same nodes, and they are not there.
 */
export const leftovers = async (folder: string): Promise<ReadonlyArray<number>> => {
  const pids = procfs ? (await readdir("/proc")).filter((name) => /^\d+$/.test(name)) : []
  const found: Array<number> = []
  for (let at = 0; at < pids.length; at += scanWidth) {
    const group = pids.slice(at, at + scanWidth)
    const mine = await Promise.all(group.map((pid) => isOfNode(pid, `SKYD_FOLDER=${folder}`)))
    found.push(...group.filter((_, index) => mine[index]).map(Number))
  }
  return found
}

/** One that ended by itself in the meantime is what was wanted. */
export const signal = (pid: number, name: "SIGTERM" | "SIGKILL"): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

export const killHard = async (pid: number, withinMs: number): Promise<void> => {
  signal(pid, "SIGKILL")
  await isGone(pid, withinMs)
}
