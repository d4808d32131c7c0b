/**
 * Whether a process still runs, of whomever it is. A zombie does not, however long it waits to be collected: it has no command line any
 * more.
 */
import { existsSync, readFileSync } from "node:fs"

export const isAlive = (pid: number): boolean => {
  let isForeign = false
  try {
    process.kill(pid, 0)
  } catch (cause) {
    isForeign = (cause as NodeJS.ErrnoException).code === "EPERM"
    if (!isForeign) return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0
  } catch {
    // There is no /proc, or it hides what is not ours.
    return isForeign || !existsSync("/proc/self")
  }
}
