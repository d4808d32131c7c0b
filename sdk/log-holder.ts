/** Which process holds the log of a state folder, by the kernel's word: files that name it may be gone, or of another time. */
import { readFileSync, statSync } from "node:fs"

/** `undefined`: nobody, or the kernel does not tell. */
export const logHolder = (home: string): number | undefined => {
  try {
    const { dev, ino } = statSync(`${home}/log/LOCK`, { bigint: true })
    const major = ((dev >> 32n) & 0xffff_f000n) | ((dev >> 8n) & 0xfffn)
    const minor = ((dev >> 12n) & 0xffff_ff00n) | (dev & 0xffn)
    const hex = (part: bigint) => part.toString(16).padStart(2, "0")
    const file = `${hex(major)}:${hex(minor)}:${ino}`
    // `1: POSIX  ADVISORY  WRITE 4711 fe:00:10143795 0 EOF`; who waits for a lock has an arrow in front.
    const lock = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .map((line) => line.split(/\s+/))
      .find(([, kind, , , , of]) => kind === "POSIX" && of === file)
    // Zero or less: a process that cannot be seen from here.
    const pid = Number(lock?.[4])
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

export const unanswered = (home: string, pid: number | string) => ({
  message: `Another process (pid ${pid}) holds the log in ${home} and does not answer.`,
  hint: `Wait until it has ended, or end it${typeof pid === "number" ? `: kill ${pid}` : "."}`
})
