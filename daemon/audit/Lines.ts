/** The lines of a file, one after the other, as bytes; the file may be larger than memory, a line may not. */
import { constants } from "node:fs"
import { open } from "node:fs/promises"
import type { Readable } from "node:stream"
import * as Effect from "effect/Effect"
import { AuditError, ValueError } from "../../sdk/protocol/errors.ts"
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

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is none",
  ENOTDIR: "a part of its path is a file",
  EACCES: "you may not read it"
}
const reasonOf = ({ code = "", message }: NodeJS.ErrnoException) => reasons[code] ?? message
const hint = "Name a file that an export was written to."
const unreadable = (path: string, reason: string) => `The file ${path} cannot be read: ${reason}.`

/** A pipe may never say anything, and whoever waits for it in the daemon keeps the others from asking: it is not even waited for here. */
const openFile = async (path: string): Promise<Readable> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = await file.stat()
  if (stat.isFile()) return file.createReadStream({ highWaterMark: chunkBytes })
  await file.close()
  const message = unreadable(path, stat.isDirectory() ? "it is a folder" : "it is a pipe or a device")
  throw new ValueError({ message, hint })
}

export class Lines {
  private readonly source: () => Promise<Readable>
  private readonly name: string
  private stream: Promise<Readable> | undefined
  private chunks: AsyncIterator<Buffer> | undefined
  private rest: Buffer = Buffer.alloc(0)
  private number = 0
  private over = false

  constructor(source: () => Promise<Readable>, name: string) {
    this.source = source
    this.name = name
  }

  static of(path: string): Lines {
    return new Lines(() => openFile(path), path)
  }

  async open(): Promise<void> {
    try {
      this.stream ??= this.source()
      await this.stream
    } catch (cause) {
      if (cause instanceof ValueError) throw cause
      throw new ValueError({ message: unreadable(this.name, reasonOf(cause as NodeJS.ErrnoException)), hint })
    }
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

  /** Whatever is still waited for. */
  close(): void {
    this.stream?.then(
      (stream) => stream.destroy(),
      () => {}
    )
  }

  private last(broken: "cut" | "long"): RawLine {
    this.over = true
    return { number: this.number + 1, bytes: this.rest, broken }
  }

  private async read() {
    await this.open()
    try {
      this.chunks ??= (await this.stream!)[Symbol.asyncIterator]()
      return await this.chunks.next()
    } catch (cause) {
      throw new AuditError({ message: unreadable(this.name, reasonOf(cause as NodeJS.ErrnoException)), hint: null })
    }
  }
}

/** Closed with the scope. */
export const openLines = (lines: Lines) =>
  Effect.acquireRelease(Effect.tryPromise({ try: () => lines.open(), catch: (cause) => cause as AuditError | ValueError }), () =>
    Effect.sync(() => lines.close())
  )
