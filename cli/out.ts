/**
 * Writes to stdout and stderr straight through their descriptors: `process.stdout` alone costs 6 ms of start-up, and bytes that are
 * written when we return need no flush at exit. Whoever reads us may be slow (we wait) or gone, as in `sky logs c | head` (we end).
 */
import { fstatSync, writeSync } from "node:fs"

const waitMs = 5

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)

const write = (descriptor: number, bytes: string | Buffer): void => {
  let rest = Buffer.from(bytes as string)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "EPIPE") process.exit(0)
      if (code !== "EAGAIN") throw error
      pause()
    }
  }
}

export interface Out {
  readonly write: (bytes: string | Buffer) => void
  readonly isTTY: () => boolean
  /** Of the terminal. */
  readonly columns: () => number
}

const columnsDefault = 80

const out = (descriptor: 1 | 2): Out => {
  let isTTY: boolean | undefined
  return {
    write: (bytes) => write(descriptor, bytes),
    isTTY: () => {
      // A pipe or a file is told from a terminal without loading node:tty.
      isTTY ??= fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule("node:tty").isatty(descriptor)
      return isTTY
    },
    columns: () => (descriptor === 1 ? process.stdout : process.stderr).columns || columnsDefault
  }
}

export const stdout = out(1)
export const stderr = out(2)
