/** What comes in on a stream, in lines. */
import type { Readable } from "node:stream"
import { Cut } from "../../machine/Input.ts"
import { refused } from "../../machine/MachineError.ts"

const newline = 10

export class Lines {
  private readonly source: AsyncIterator<Buffer>
  private held: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    this.source = stream.iterator({ destroyOnReturn: false })
  }

  /** Without its end. */
  async next(maxBytes: number): Promise<string> {
    const parts: Array<Buffer> = []
    for (let size = 0; ; ) {
      const end = this.held.indexOf(newline)
      const part = end < 0 ? this.held : this.held.subarray(0, end)
      parts.push(part)
      size += part.length
      this.held = end < 0 ? this.held.subarray(this.held.length) : this.held.subarray(end + 1)
      if (size > maxBytes) throw refused("LongLine", `A line is longer than ${maxBytes} bytes.`)
      if (end >= 0) return parts.length === 1 ? part.toString() : Buffer.concat(parts).toString()
      // A stream that breaks is one that ends: why is its owner's to know.
      const { done, value } = await this.source.next().catch(() => ({ done: true, value: undefined }))
      if (done === true || value === undefined) throw new Cut()
      this.held = value
    }
  }
}
