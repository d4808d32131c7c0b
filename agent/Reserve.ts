/**
 * Room on the disk for what the agent must write down of what it does: without, a job that fills the disk would end the agent, and what is
 * said of that would hang on who met the full disk first. A file that gives way block by block; it grows again when there is room.
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { isFull } from "./full-disk.ts"

const wholeBytes = 128 * 1024
const blockBytes = 4096
const againMs = 30_000

export class Reserve {
  readonly #path: string
  #timer: NodeJS.Timeout | null = null

  constructor(path: string) {
    this.#path = path
    this.#fill()
  }

  /** Gives room for so many bytes; false when there is none left to give. */
  give(bytes: number): boolean {
    this.#again()
    const size = this.#size
    if (size === 0) return false
    fs.truncateSync(this.#path, Math.max(0, size - Math.ceil(bytes / blockBytes) * blockBytes))
    return true
  }

  /** Bytes that no file system makes smaller. */
  #fill() {
    this.#timer = null
    try {
      const lack = wholeBytes - this.#size
      if (lack > 0 && !isFull(dirname(this.#path))) fs.appendFileSync(this.#path, randomBytes(lack), { mode: 0o600 })
    } catch {
      // As much as there is room for.
    }
    if (this.#size < wholeBytes) this.#again()
  }

  #again() {
    this.#timer ??= setTimeout(() => this.#fill(), againMs).unref()
  }

  get #size() {
    return fs.statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
  }
}
