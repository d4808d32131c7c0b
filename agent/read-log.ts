/**
 * A log file as it grows: chunks of up to 64 KiB from an offset, until it is over and read. The last lines are found from the
 * end, so the file's size does not matter. The file may not be there yet.
 */
import * as fs from "node:fs"
import { hide, printable } from "./printable.ts"

/** The last lines that are shown in a fact are looked for in so much. */
const lastBytes = 256 * 1024
const lastCharactersOfOneLine = 800
const chunkBytes = 64 * 1024
/** inotify tells of growth; this is for file systems where it does not. */
const safetyMs = 1000

// node:fs/promises would double the agent's start.
const open = (path: string): Promise<number | null> =>
  new Promise((resolve) => fs.open(path, "r", (cause, fd) => resolve(cause === null ? fd : null)))

const readAt = (fd: number, at: number, bytes = chunkBytes): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(bytes)
    fs.read(fd, buffer, 0, bytes, at, (cause, length) => (cause === null ? resolve(buffer.subarray(0, length)) : reject(cause)))
  })

/** Where the last `count` lines begin; a last line without newline counts as one. */
export const tailOffset = (path: string, count: number): number => {
  if (!fs.existsSync(path)) return 0
  const fd = fs.openSync(path, "r")
  try {
    const size = fs.fstatSync(fd).size
    if (count <= 0) return size
    const block = Buffer.alloc(chunkBytes)
    let missing = count
    for (let end = size; end > 0; end -= Math.min(end, chunkBytes)) {
      const start = Math.max(0, end - chunkBytes)
      const length = fs.readSync(fd, block, 0, end - start, start)
      for (let at = length - 1; at >= 0; at--) {
        if (block[at] !== 10 || start + at === size - 1) continue
        if (--missing === 0) return start + at + 1
      }
    }
    return 0
  } finally {
    fs.closeSync(fd)
  }
}

/** For a fact: printable, of bounded length, without the values of `secrets`. */
export const lastLines = async (path: string, count: number, secrets: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const fd = await open(path)
  if (fd === null) return []
  const from = Math.max(0, fs.fstatSync(fd).size - lastBytes)
  const bytes = await readAt(fd, from, lastBytes).finally(() => fs.closeSync(fd))
  if (bytes.length === 0) return []
  const text = hide(bytes.toString("utf8"), secrets).replace(/\n$/, "")
  // What the window begins with may be the end of a secret.
  const cutAt = from === 0 ? 0 : text.indexOf("\n") + 1
  if (from > 0 && cutAt === 0) return [text.length < lastBytes / 2 ? "…" : printable(`…${text.slice(-lastCharactersOfOneLine)}`, secrets)]
  const lines = text.slice(cutAt).split("\n").slice(-count)
  return lines.map((line) => printable(line, secrets))
}

interface Following {
  readonly from: number
  /** Nothing more will be written. */
  readonly isOver: () => boolean
  /** Calls back when `isOver` may have changed. */
  readonly onTurn: (wake: () => void) => () => void
  readonly signal: AbortSignal
}

const sizeOf = (path: string) => fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0

const grown = (path: string, at: number, { isOver, onTurn, signal }: Following): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      watcher?.close()
      stop()
      signal.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, safetyMs)
    const stop = onTurn(done)
    signal.addEventListener("abort", done)
    let watcher: fs.FSWatcher | null = null
    try {
      watcher = fs.watch(path, done).on("error", () => {})
    } catch {
      // Not there yet: the timer or the rank's start will tell.
    }
    // What happened before the watch began.
    if (isOver() || signal.aborted || sizeOf(path) > at) done()
  })

/** Yields bytes and the offset behind them. */
export async function* readLog(path: string, following: Following): AsyncGenerator<{ readonly bytes: Buffer; readonly to: number }> {
  let at = following.from
  let fd: number | null = null
  try {
    while (!following.signal.aborted) {
      const last = following.isOver()
      fd ??= await open(path)
      const bytes = fd === null ? null : await readAt(fd, at)
      if (bytes !== null && bytes.length > 0) {
        at += bytes.length
        yield { bytes, to: at }
      } else if (last) return
      else await grown(path, at, following)
    }
  } finally {
    if (fd !== null) fs.closeSync(fd)
  }
}
