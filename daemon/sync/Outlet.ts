/** What goes out on a line: who writes waits for a line that is slower. */
import type { Duplex } from "node:stream"
import { Cut } from "../../machine/Input.ts"

/** That the line has and has not passed on: enough that it is never idle while we read. */
const pendingMaxBytes = 2 * 1024 * 1024

/** Where it says so, a line has no more use of what it has written. */
export type Line = Duplex & { readonly keepsNothing?: boolean }

export class Outlet {
  /** Memory that was written, to be used again. */
  readonly spare: Array<ArrayBuffer> = []
  private readonly line: Line
  private pending = 0
  private wake = () => {}

  constructor(line: Line) {
    this.line = line
    line.once("close", () => this.wake())
  }

  /** `memory`: all of what the bytes lie in, if nobody else needs it. */
  async write(bytes: Uint8Array, memory?: ArrayBuffer): Promise<void> {
    if (this.line.destroyed || this.line.writableEnded) throw new Cut()
    this.pending += bytes.length
    const { length } = bytes
    this.line.write(bytes, () => {
      this.pending -= length
      if (memory !== undefined && this.line.keepsNothing) this.spare.push(memory)
      this.wake()
    })
    while (this.pending > pendingMaxBytes && !this.line.destroyed) await new Promise<void>((resolve) => (this.wake = resolve))
    if (this.line.destroyed) throw new Cut()
  }
}
