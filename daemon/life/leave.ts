/** How the daemon's process ends, also while a thread of it waits for a disk: a mount that is dead, a pipe that nobody writes to. */
import { setTimeout as sleep } from "node:timers/promises"

const lookMs = 25
const looksMax = 20

const isHeld = () => process.getActiveResourcesInfo().some((what) => what.startsWith("FSReq"))

/** An exit waits for its threads for ever; a signal does not, and tells nobody. */
export const leave = (code: number): void => {
  if (isHeld()) {
    process.emit("exit", code)
    process.kill(process.pid, "SIGKILL")
  }
  process.exit(code)
}

/** What is under way for a moment only is waited for. */
export const leaveSoon = async (code: number): Promise<void> => {
  for (let look = 0; isHeld() && look < looksMax; look++) await sleep(lookMs)
  leave(code)
}
