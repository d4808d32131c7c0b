/** What goes out on a line: who writes waits for a line that is slower. */
import type { Duplex } from "node:stream"
import { Cut } from "../../machine/Input.ts"

/** That the line has and has not passed on: enough that it is never idle while we read. */
const pendingMaxBytes = 2 * 1024 * 1024

export class Outlet {
  private readonly line: Duplex
  private pending = 0
  private wake = () => {}

  constructor(line: Duplex) {
    this.line = line
    line.once("close", () => this.wake())
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.line.destroyed || this.line.writableEnded) throw new Cut()
    this.pending += bytes.length
    this.line.write(bytes, () => {
      this.pending -= bytes.length
      this.wake()
    })
    while (this.pending > pendingMaxBytes && !this.line.destroyed) await new Promise<void>((resolve) => (this.wake = resolve))
    if (this.line.destroyed) throw new Cut()
  }
}
