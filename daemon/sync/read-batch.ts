/**
 * The bytes of some files, as a machine takes them (`file-frames.ts`), read into one piece of memory: many small files, or a part of a
 * large one. What is read is what a file held when it was opened and no more, however fast it grows.
 */
import { closeSync, constants, fstatSync, readSync } from "node:fs"
import { join } from "node:path"
import { open } from "../../machine/calls.ts"
import { bytesHeadBytes, endFrame, fileFrame, goneFrame, writeBytesHead } from "../../machine/file-frames.ts"
import { pathError } from "../../machine/PathError.ts"

const batchMaxBytes = 1024 * 1024
/** Room for files that have grown. */
const batchMinBytes = 64 * 1024
const filesMax = 1024
/** Of the frames around a file's bytes. */
const aroundBytes = 64
// What became a pipe meanwhile has nothing to say, and nobody waits for it; what became a link is not followed.
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

interface Wanted {
  /** Which entry of the list, and as what it was listed. */
  readonly index: number
  readonly path: string
  readonly size: number
}

/** A file of which some was read. Whoever has it closes it, unless it is asked for its rest. */
export interface OpenFile {
  readonly fd: number
  readonly left: number
}

export interface Batch {
  readonly root: string
  readonly files: ReadonlyArray<Wanted>
  /** Of the first of them. */
  readonly open: OpenFile | null
  /** To be used again. */
  readonly memory?: ArrayBuffer | undefined
}

export interface BatchRead {
  readonly frames: Uint8Array<ArrayBuffer>
  /** So many are done. */
  readonly files: number
  readonly open: OpenFile | null
  /** So much longer, or shorter, than they were listed are those that were opened. */
  readonly grown: number
}

const isGone = (error: unknown) => ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")

/** As many as will fill a batch. */
export const nextWanted = (files: ReadonlyArray<Wanted>, from: number): ReadonlyArray<Wanted> => {
  let end = from
  for (let size = 0; end < files.length && end - from < filesMax && size < batchMaxBytes; end++) size += files[end]!.size + aroundBytes
  return files.slice(from, end)
}

class Reading {
  private readonly buffer: Buffer<ArrayBuffer>
  private at = 0
  private open: OpenFile | null
  private grown = 0

  constructor({ files, memory, open }: Batch) {
    const listed = files.reduce((sum, { size }) => sum + size + aroundBytes, open?.left ?? 0)
    const bytes = Math.min(batchMaxBytes, Math.max(batchMinBytes, listed)) + files.length * aroundBytes
    this.buffer = memory !== undefined && memory.byteLength >= bytes ? Buffer.from(memory) : Buffer.allocUnsafeSlow(bytes)
    this.open = open
  }

  /** Whether all of it is read. */
  file({ index, path, size }: Wanted): boolean {
    if (this.open === null) {
      const found = this.begin(index, path)
      this.grown += (found ?? 0) - size
      if (found === null) return true
    }
    return this.rest()
  }

  /** Its size; null where it vanished, or became something else than a file. */
  private begin(index: number, path: string): number | null {
    let fd: number
    try {
      fd = open(path, flags)
    } catch (error) {
      if (!isGone(error)) throw error
      this.put(goneFrame(index))
      return null
    }
    const found = fstatSync(fd)
    if (!found.isFile()) {
      closeSync(fd)
      this.put(goneFrame(index))
      return null
    }
    this.put(fileFrame({ index, mode: found.mode & 0o7777, mtimeMs: found.mtimeMs }))
    this.open = { fd, left: found.size }
    return found.size
  }

  private rest(): boolean {
    const { fd } = this.open!
    let { left } = this.open!
    for (let room = this.room(); left > 0 && room > 0; room = this.room()) {
      const read = readSync(fd, this.buffer, this.at + bytesHeadBytes, Math.min(left, room), null)
      if (read > 0) writeBytesHead(this.buffer, this.at, read)
      this.at += read === 0 ? 0 : bytesHeadBytes + read
      left = read === 0 ? 0 : left - read
    }
    this.open = { fd, left }
    if (left > 0) return false
    this.close()
    this.put(endFrame)
    return true
  }

  /** For bytes, so that what follows them has its own. */
  private room() {
    return this.buffer.length - this.at - bytesHeadBytes - aroundBytes
  }
  private put(frame: Buffer) {
    frame.copy(this.buffer, this.at)
    this.at += frame.length
  }
  isFull() {
    return this.room() <= 0
  }
  close() {
    if (this.open !== null) closeSync(this.open.fd)
    this.open = null
  }
  done(files: number): BatchRead {
    return { frames: this.buffer.subarray(0, this.at), files, open: this.open, grown: this.grown }
  }
}

export const readBatch = (batch: Batch): BatchRead => {
  const reading = new Reading(batch)
  let done = 0
  for (const wanted of batch.files) {
    if (reading.isFull()) break
    const path = join(batch.root, wanted.path)
    try {
      if (!reading.file({ ...wanted, path })) break
    } catch (error) {
      reading.close()
      throw pathError(path, error)
    }
    done += 1
  }
  return reading.done(done)
}
