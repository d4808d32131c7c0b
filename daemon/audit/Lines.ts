/** The lines of a file, one after the other, as bytes; the file may be larger than memory, a line may not. */
import { createReadStream } from "node:fs"
import type { Readable } from "node:stream"
import { AuditError } from "../../sdk/protocol/errors.ts"
import { eventMaxBytes } from "../log/chain.ts"
import { lineRestBytes } from "./line.ts"

const lineMaxBytes = eventMaxBytes + lineRestBytes
const chunkBytes = 1024 * 1024
const newline = 10

export interface RawLine {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
  /** The file ends within it, or it is longer than a line may be. */
  readonly broken: "cut" | "long" | undefined
}

const reasons: Readonly<Record<string, string>> = { ENOENT: "there is none", EACCES: "you may not read it", EISDIR: "it is a folder" }

export class Lines {
  private readonly open: () => Readable
  private readonly name: string
  private chunks: AsyncIterator<Buffer> | undefined
  private rest: Buffer = Buffer.alloc(0)
  private number = 0
  private over = false

  /** `open` is called at the first read: a stream that fails while nobody listens ends the process. */
  constructor(open: () => Readable, name: string) {
    this.open = open
    this.name = name
  }

  static of(path: string): Lines {
    return new Lines(() => createReadStream(path, { highWaterMark: chunkBytes }), path)
  }

  /** Of what was read already: most lines need no promise. */
  take(): RawLine | undefined {
    const end = this.rest.indexOf(newline)
    if (end === -1) return undefined
    const bytes = this.rest.subarray(0, end)
    this.rest = this.rest.subarray(end + 1)
    this.number += 1
    return { number: this.number, bytes, broken: bytes.length > lineMaxBytes ? "long" : undefined }
  }

  /** `undefined` at the end. */
  async next(): Promise<RawLine | undefined> {
    while (!this.over) {
      const line = this.take()
      if (line !== undefined) return line
      if (this.rest.length > lineMaxBytes) return this.last("long")
      const { done, value } = await this.read()
      if (done) return this.rest.length === 0 ? undefined : this.last("cut")
      this.rest = this.rest.length === 0 ? value : Buffer.concat([this.rest, value])
    }
    return undefined
  }

  async close(): Promise<void> {
    await this.chunks?.return?.()
  }

  private last(broken: "cut" | "long"): RawLine {
    this.over = true
    return { number: this.number + 1, bytes: this.rest, broken }
  }

  private async read() {
    try {
      this.chunks ??= this.open()[Symbol.asyncIterator]()
      return await this.chunks.next()
    } catch (cause) {
      const { code = "", message } = cause as NodeJS.ErrnoException
      throw new AuditError({ message: `The file ${this.name} cannot be read: ${reasons[code] ?? message}.`, hint: null })
    }
  }
}
