/** Small files of the user's, wherever they lie: one that comes to no end (a pipe, a mount that is dead) keeps nobody waiting for ever. */
import type { Stats } from "node:fs"
import { readFile, stat } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"

const maxBytesUsual = 1024 * 1024
const maxMs = 5000

const under = new Map<string, Promise<unknown>>()

/**
 * What is done with the file, of which one thread at a time waits for its disk. Fails, like what is done, with an error whose message goes
 * on after the file's name.
 */
export const inTime = async <A>(file: string, work: () => Promise<A>): Promise<A> => {
  const known = under.get(file) ?? work().finally(() => under.delete(file))
  under.set(file, known)
  const over = new AbortController()
  const tooLong = pause(maxMs, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new Error(`is not read within ${maxMs / 1000} s: its disk does not answer`)
  })
  try {
    return (await Promise.race([known, tooLong])) as A
  } finally {
    tooLong.catch(() => undefined)
    over.abort()
  }
}

export const readSmall = (file: string, maxBytes = maxBytesUsual): Promise<string> =>
  inTime(file, async () => {
    const found = await stat(file)
    // A folder says so itself.
    if (!found.isFile() && !found.isDirectory()) throw new Error("is no regular file")
    if (found.size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`)
    return readFile(file, "utf8")
  })

/** Another one when the file is another, or was written. */
export const stampOf = ({ ctimeMs, ino, mtimeMs, size }: Stats): string => [ino, mtimeMs, ctimeMs, size].join(" ")

/** Of some that may not be there. */
export const stampsOf = async (files: ReadonlyArray<string>): Promise<string> => {
  const found = await Promise.all(files.map((file) => stat(file).catch(() => null)))
  return found.map((one) => (one === null ? "" : stampOf(one))).join("|")
}
