/** What comes in on a stream, taken in lines and in bytes. It holds no more than what has come in and is asked for. */
import type { Readable } from "node:stream"
import { MachineError, refused } from "./MachineError.ts"

/** The stream ended before what was asked for had come. */
export class Cut extends MachineError {
  constructor() {
    super("Transient", "Cut", "The connection to the machine ended in the middle.")
  }
}

const newline = 10

export class Input {
  private readonly source: AsyncIterator<Buffer>
  private held: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    this.source = stream.iterator({ destroyOnReturn: false })
  }

  private async next(): Promise<Buffer> {
    // A stream that breaks is one that ends: why is its owner's to know.
    const { done, value } = await this.source.next().catch(() => ({ done: true, value: undefined }))
    if (done === true || value === undefined) throw new Cut()
    return value
  }

  /** Without its end. */
  async line(maxBytes: number): Promise<string> {
    const parts: Array<Buffer> = []
    for (let size = 0; ; ) {
      const end = this.held.indexOf(newline)
      const part = end < 0 ? this.held : this.held.subarray(0, end)
      parts.push(part)
      size += part.length
      this.held = end < 0 ? this.held.subarray(this.held.length) : this.held.subarray(end + 1)
      if (size > maxBytes) throw refused("LongLine", `A line is longer than ${maxBytes} bytes.`)
      if (end >= 0) return parts.length === 1 ? part.toString() : Buffer.concat(parts).toString()
      this.held = await this.next()
    }
  }

  /** So many. */
  async bytes(count: number): Promise<Buffer> {
    while (this.held.length < count) {
      const more = await this.next()
      this.held = this.held.length === 0 ? more : Buffer.concat([this.held, more])
    }
    return this.some(count)
  }

  /** Those that are there of so many, and at least one. */
  async atMost(count: number): Promise<Buffer> {
    while (this.held.length === 0) this.held = await this.next()
    return this.some(count)
  }

  private some(count: number): Buffer {
    const taken = this.held.subarray(0, count)
    this.held = this.held.subarray(taken.length)
    return taken
  }

  /** Until it ends. */
  async drain(): Promise<void> {
    try {
      for (;;) await this.next()
    } catch {
      // That is its end.
    }
  }
}
