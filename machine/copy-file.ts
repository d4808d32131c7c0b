/**
 * Copies one file of the user's by reads of ours, for the system's own copy does not end on a file that yields less than its size says:
 * one that gets shorter meanwhile, or a file of the kernel's. What is read is what is copied, and no more than the file held when it
 * was looked at, however fast it grows; a later sync brings the rest, since its time has changed.
 */
import { closeSync, constants, copyFileSync, fchmodSync, futimesSync, readSync, type Stats, utimesSync, writeSync } from "node:fs"
import { chmod, open, raw } from "./calls.ts"
import type { GivenUp } from "./placing.ts"

const chunkBytes = 1024 * 1024
/** Below that a clone saves nothing. */
const cloneMinBytes = chunkBytes

export const writeAll = (fd: number, bytes: Buffer): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

const copyBytes = (from: number, to: number, size: number, signal: GivenUp) => {
  const chunk = Buffer.allocUnsafe(Math.min(size, chunkBytes))
  for (let left = size; left > 0; ) {
    signal.throwIfAborted()
    const read = readSync(from, chunk, 0, Math.min(left, chunk.length), null)
    if (read === 0) return
    writeAll(to, chunk.subarray(0, read))
    left -= read
  }
}

const copied = (source: string, target: string, { atimeMs, mode, mtimeMs, size }: Stats, signal: GivenUp) => {
  // What became a pipe meanwhile has nothing to say, and nobody waits for it.
  const from = open(source, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const to = open(target, "wx", 0o600)
    try {
      copyBytes(from, to, size, signal)
      // Whatever the umask; after the last byte, which takes some modes away.
      fchmodSync(to, mode & 0o7777)
      futimesSync(to, atimeMs / 1000, mtimeMs / 1000)
    } finally {
      closeSync(to)
    }
  } finally {
    closeSync(from)
  }
}

/** Shares the bytes with the source, on a file system that can; never copies any. */
const isCloned = (source: string, target: string, { atimeMs, mode, mtimeMs }: Stats) => {
  try {
    copyFileSync(raw(source), raw(target), constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch {
    return false
  }
  chmod(target, mode & 0o7777)
  utimesSync(raw(target), atimeMs / 1000, mtimeMs / 1000)
  return true
}

/** `target` is new; it has the mode and the times that the source had when it was looked at, `found`. */
export const copyFile = (source: string, target: string, found: Stats, signal: GivenUp): void => {
  if (found.size < cloneMinBytes || !isCloned(source, target, found)) copied(source, target, found, signal)
}
