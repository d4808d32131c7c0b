/**
 * A full disk: jobs write their logs themselves, so what they could not write nobody has seen. That there was no room is said in the log
 * once there is some, and of a job that fails while there is none.
 */

import type { StatsFs } from "node:fs"
import * as fs from "node:fs"
import { dirname } from "node:path"

const lookMs = 250
/** What a disk that is full has still. */
const lastBytes = 64 * 1024
const newline = 10

const hasRoom = ({ bavail, bsize }: StatsFs) => bavail * bsize >= lastBytes

export const isFull = (folder: string): boolean => {
  try {
    return !hasRoom(fs.statfsSync(folder))
  } catch {
    return false
  }
}

const endsInLine = (fd: number): boolean => {
  const { size } = fs.fstatSync(fd)
  const last = Buffer.alloc(1)
  return size === 0 || (fs.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === newline)
}

/** On a line of its own. Fails where there is no room again. */
const note = (log: string, sinceMs: number) => {
  const seconds = Math.max(1, Math.round((Date.now() - sinceMs) / 1000))
  const text = `[skyd: no space was left on the disk for about ${seconds} s: lines that were printed then may be missing here]\n`
  const fd = fs.openSync(log, "a+")
  try {
    fs.writeSync(fd, endsInLine(fd) ? text : `\n${text}`)
  } finally {
    fs.closeSync(fd)
  }
}

/** While a job writes its log. What it answers ends that, after a note that is still to be made. */
export const noteGaps = (log: string): (() => void) => {
  let fullSinceMs: number | null = null
  let isOver = false
  const look = () =>
    fs.statfs(dirname(log), (cause, stats) => {
      if (cause !== null) return
      try {
        if (!hasRoom(stats)) fullSinceMs ??= Date.now()
        else if (fullSinceMs !== null) {
          note(log, fullSinceMs)
          fullSinceMs = null
        }
      } catch {
        // Full again.
      }
      if (isOver && fullSinceMs === null) clearInterval(timer)
    })
  const timer = setInterval(look, lookMs).unref()
  return () => {
    isOver = true
    look()
  }
}
