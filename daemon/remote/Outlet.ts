/** What goes out on a line: small pieces are put together, and who writes waits for a line that is slower. */
import type { Duplex } from "node:stream"
import { Cut } from "../../machine/Input.ts"

const gatherBytes = 64 * 1024
/** That the line has and has not passed on: enough that it is never idle while we read. */
const pendingMaxBytes = 2 * 1024 * 1024

export class Outlet {
  private readonly line: Duplex
  private pieces: Array<Buffer> = []
  private size = 0
  private pending = 0
  private wake = () => {}

  constructor(line: Duplex) {
    this.line = line
    line.once("close", () => this.wake())
  }

  async write(piece: Buffer): Promise<void> {
    this.pieces.push(piece)
    this.size += piece.length
    if (this.size >= gatherBytes) await this.flush()
  }

  async flush(): Promise<void> {
    const large = this.pieces.length > 1 && this.pieces.at(-1)!.length >= gatherBytes ? this.pieces.pop()! : undefined
    const small = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces)
    this.pieces = []
    this.size = 0
    for (const bytes of [small, large]) if (bytes !== undefined && bytes.length > 0) this.pass(bytes)
    while (this.pending > pendingMaxBytes && !this.line.destroyed) await new Promise<void>((resolve) => (this.wake = resolve))
    if (this.line.destroyed) throw new Cut()
  }

  private pass(bytes: Buffer): void {
    if (this.line.destroyed || this.line.writableEnded) throw new Cut()
    this.pending += bytes.length
    this.line.write(bytes, () => {
      this.pending -= bytes.length
      this.wake()
    })
  }
}
