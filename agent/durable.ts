/**
 * Bytes that must survive: whole files by temp, fsync, rename; and a file that only grows, with group commit.
 * `AppendFile.append` writes at the end of the current turn (a kill -9 loses nothing written) and resolves after fdatasync.
 */
import * as fs from "node:fs"
import { dirname } from "node:path"

export const syncFolder = (path: string) => {
  const fd = fs.openSync(path, "r")
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

export const temporaryOf = (path: string) => `${path}.tmp`

export const replaceFile = (path: string, text: string, mode = 0o600) => {
  const temporary = temporaryOf(path)
  const fd = fs.openSync(temporary, "w", mode)
  try {
    fs.writeSync(fd, text)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Complete lines of a file; what follows the last newline was never acknowledged and is cut off. */
export const readLines = (path: string): ReadonlyArray<string> => {
  if (!fs.existsSync(path)) return []
  const bytes = fs.readFileSync(path)
  const end = bytes.lastIndexOf(10) + 1
  if (end < bytes.length) fs.truncateSync(path, end)
  return bytes
    .toString("utf8", 0, end)
    .split("\n")
    .filter((line) => line !== "")
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** On a full disk: whether there is room now for so many bytes, or for some of them. */
export type GiveRoom = (bytes: number) => boolean

export class AppendFile {
  size: number
  readonly #path: string
  readonly #giveRoom: GiveRoom
  #fd: number
  #text = ""
  #waiting: Array<Waiting> = []
  #scheduled = false
  #syncing = false
  #broken: unknown = null
  /** Its name is not on disk yet. */
  #isNew: boolean

  constructor(path: string, giveRoom: GiveRoom = () => false) {
    this.#path = path
    this.#giveRoom = giveRoom
    this.#fd = fs.openSync(path, "a", 0o600)
    this.size = fs.fstatSync(this.#fd).size
    this.#isNew = this.size === 0
  }

  /** Written at the end of the turn, and on disk with the next append. */
  note(line: string): void {
    this.#text += `${line}\n`
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.#write())
  }

  append(line: string): Promise<void> {
    this.note(line)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Everything that the file holds, at once; whoever waits for an earlier append is answered. */
  replace(text: string) {
    this.#write()
    replaceFile(this.#path, text)
    // One that is being synced is closed when that is done.
    if (!this.#syncing) fs.closeSync(this.#fd)
    this.#fd = fs.openSync(this.#path, "a", 0o600)
    this.size = fs.fstatSync(this.#fd).size
  }

  /** On disk when it returns. */
  syncNow() {
    this.#write()
    fs.fdatasyncSync(this.#fd)
  }

  #write() {
    this.#scheduled = false
    if (this.#text !== "" && this.#broken === null) {
      const bytes = Buffer.from(this.#text)
      this.#text = ""
      try {
        for (let done = 0; done < bytes.length; ) done += this.#put(bytes, done)
        this.size += bytes.length
      } catch (cause) {
        this.#broken = cause
      }
    }
    this.#sync()
  }

  #put(bytes: Buffer, done: number): number {
    for (;;) {
      try {
        return fs.writeSync(this.#fd, bytes, done)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOSPC" || !this.#giveRoom(bytes.length - done)) throw cause
      }
    }
  }

  #sync() {
    if (this.#syncing || this.#waiting.length === 0) return
    const group = this.#waiting
    this.#waiting = []
    if (this.#broken !== null) return this.#fail(group, this.#broken)
    this.#syncing = true
    const fd = this.#fd
    fs.fdatasync(fd, (cause) => {
      if (fd !== this.#fd) fs.closeSync(fd)
      this.#syncing = false
      if (cause) this.#broken = cause
      else this.#syncName()
      if (this.#broken !== null) this.#fail(group, this.#broken)
      else for (const one of group) one.resolve()
      this.#sync()
    })
  }

  #syncName() {
    if (!this.#isNew) return
    this.#isNew = false
    try {
      syncFolder(dirname(this.#path))
      syncFolder(dirname(dirname(this.#path)))
    } catch (cause) {
      this.#broken = cause
    }
  }

  #fail(group: ReadonlyArray<Waiting>, cause: unknown) {
    for (const one of group) one.reject(cause)
  }
}
