/**
 * Files read in their order, some ahead of the one that is asked for: small ones whole, of large ones the beginning. Opening and reading may
 * wait for a disk, so others do it; what does not wait is done at once, since asking others for it takes ten times as long.
 */
import { closeSync, constants, fstatSync, open, read, type Stats } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { FileEntry } from "../../machine/FileEntry.ts"
import { pathError } from "../../machine/PathError.ts"

const aheadMax = 32
const firstBytes = 256 * 1024
const chunkBytes = 1024 * 1024
// What became a pipe meanwhile has nothing to say, and nobody waits for it; what became a link is not followed.
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

const calls = { open: promisify(open), read: promisify(read) }

/** A file as it was when it was opened, with its first bytes and the rest of them, no more than it held then. */
export interface Opened {
  readonly found: Stats
  readonly first: Buffer
  readonly rest: AsyncIterable<Buffer>
  /** Once, whether or not the rest was read. */
  readonly close: () => void
}

const isGone = (error: unknown) => ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")

const chunk = async (fd: number, most: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(most)
  const { bytesRead } = await calls.read(fd, buffer, 0, buffer.length, null)
  return buffer.subarray(0, bytesRead)
}

/** One chunk is read while the last is on its way. */
async function* chunks(fd: number, path: string, size: number): AsyncGenerator<Buffer> {
  let left = size
  const next = () => {
    const reading = left > 0 ? chunk(fd, Math.min(left, chunkBytes)) : Promise.resolve(Buffer.alloc(0))
    reading.catch(() => {})
    return reading
  }
  let reading = next()
  try {
    for (let bytes = await reading; bytes.length > 0; bytes = await reading) {
      left -= bytes.length
      reading = next()
      yield bytes
    }
  } catch (error) {
    throw pathError(path, error)
  } finally {
    await reading.catch(() => {})
  }
}

const nothing = async function* (): AsyncGenerator<Buffer> {}

/** Null when it vanished, or became something else than a file. */
const openFile = async (path: string): Promise<Opened | null> => {
  let fd: number
  try {
    fd = await calls.open(path, flags)
  } catch (error) {
    if (isGone(error)) return null
    throw pathError(path, error)
  }
  try {
    const found = fstatSync(fd)
    const first = found.isFile() && found.size > 0 ? await chunk(fd, Math.min(found.size, firstBytes)) : Buffer.alloc(0)
    const left = found.size - first.length
    if (left > 0 && first.length > 0) return { found, first, rest: chunks(fd, path, left), close: () => closeSync(fd) }
    closeSync(fd)
    return found.isFile() ? { found, first, rest: nothing(), close: () => {} } : null
  } catch (error) {
    closeSync(fd)
    throw pathError(path, error)
  }
}

/** Leaving early closes what was opened. */
export async function* readAhead(root: string, entries: ReadonlyArray<FileEntry>): AsyncGenerator<Opened | null> {
  const ahead: Array<Promise<Opened | null>> = []
  let next = 0
  const begin = () => {
    const opening = openFile(join(root, entries[next]!.from ?? entries[next]!.path))
    opening.catch(() => {})
    ahead.push(opening)
    next++
  }
  try {
    for (let done = 0; done < entries.length; done++) {
      while (next < entries.length && ahead.length < aheadMax) begin()
      const opened = await ahead.shift()!
      try {
        yield opened
      } finally {
        opened?.close()
      }
    }
  } finally {
    for (const opening of ahead) await opening.then((opened) => opened?.close()).catch(() => {})
  }
}
