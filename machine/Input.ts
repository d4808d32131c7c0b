/**
 * This program's own stdin, taken in lines and in bytes: waited for where it is read, since nothing else goes on in a program that reads
 * so.
 */
import { readSync } from "node:fs"
import { MachineError, refused } from "./MachineError.ts"
import { retried } from "./say.ts"

/** The stream ended before what was asked for had come. */
export class Cut extends MachineError {
  constructor() {
    super("Transient", "Cut", "The connection to the machine ended in the middle.")
  }
}

const newline = 10

export class Input {
  private readonly buffer = Buffer.allocUnsafe(512 * 1024)
  private start = 0
  private end = 0

  /** Without its end. */
  line(maxBytes: number): string {
    for (let looked = 0; ; ) {
      const held = this.buffer.subarray(this.start, this.end)
      const at = held.indexOf(newline, looked)
      if (at > maxBytes || (at < 0 && held.length > maxBytes)) throw refused("LongLine", `A line is longer than ${maxBytes} bytes.`)
      if (at >= 0) {
        this.start += at + 1
        return held.toString("utf8", 0, at)
      }
      looked = held.length
      this.fill()
    }
  }

  /** So many, a few. They are to be used before more is asked for. */
  bytes(count: number): Buffer {
    while (this.end - this.start < count) this.fill()
    return this.some(count)
  }

  /** Those that are there of so many, and at least one; as with `bytes`. */
  atMost(count: number): Buffer {
    if (this.start === this.end) this.fill()
    return this.some(Math.min(count, this.end - this.start))
  }

  private some(count: number): Buffer {
    const taken = this.buffer.subarray(this.start, this.start + count)
    this.start += count
    return taken
  }

  private fill(): void {
    this.buffer.copyWithin(0, this.start, this.end)
    this.end -= this.start
    this.start = 0
    const read = retried(() => readSync(0, this.buffer, this.end, this.buffer.length - this.end, null))
    if (read === 0) throw new Cut()
    this.end += read
  }
}
