/**
 * Processes as /proc shows them. A pid alone means nothing, it is used again: a process is a pid and a start time, of one
 * boot. A zombie is gone. Where /proc is missing (macOS) nothing is ever seen alive: trees are not ended there.
 */
import * as fs from "node:fs"

const ownUid = process.geteuid?.() ?? -1

export interface Process {
  readonly pid: number
  /** In clock ticks since boot. */
  readonly start: string
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
}

/** The command name in the middle may hold spaces and parentheses: fields count from the last one. */
export const parseStat = (text: string): Process | null => {
  const close = text.lastIndexOf(")")
  const fields = text.slice(close + 2).split(" ")
  if (close < 0 || fields.length < 20) return null
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0]!,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19]!
  }
}

export const processOf = (pid: number | "self"): Process | null => {
  try {
    return parseStat(fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return null
  }
}

export const isGone = (process: Process | null) => process === null || process.state === "Z" || process.state === "X"

export const isAlive = (pid: number, start: string) => {
  const found = processOf(pid)
  return !isGone(found) && found!.start === start
}

/** Whatever name the folder had when the process came there. */
export const worksIn = (pid: number, folder: string): boolean => {
  try {
    const [at, here] = [fs.statSync(`/proc/${pid}/cwd`), fs.statSync(folder)]
    return at.ino === here.ino && at.dev === here.dev
  } catch {
    return false
  }
}

/** SKYD_LOCAL_BOOT_ID stands in for it where a test restarts "the machine". */
export const bootId = (): string => {
  if (process.env.SKYD_LOCAL_BOOT_ID !== undefined) return process.env.SKYD_LOCAL_BOOT_ID
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  } catch {
    return "unknown"
  }
}

/** Of a process of our own user; others carry no mark of ours. */
export const environmentOf = (pid: number): string => {
  try {
    if (fs.statSync(`/proc/${pid}`).uid !== ownUid) return ""
    return `\0${fs.readFileSync(`/proc/${pid}/environ`, "utf8")}`
  } catch {
    return ""
  }
}

export const pids = (): ReadonlyArray<number> => {
  try {
    return fs.readdirSync("/proc").flatMap((name) => (name.charCodeAt(0) <= 57 ? [Number(name)] : []))
  } catch {
    return []
  }
}
