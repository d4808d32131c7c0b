/** What goes out on a line: small pieces are put together, and who writes waits for a line that is slower. */
import type { Duplex } from "node:stream"
import { Cut } from "../../machine/Input.ts"

const gatherBytes = 64 * 1024

export class Outlet {
  private readonly line: Duplex
  private pieces: Array<Buffer> = []
  private size = 0

  constructor(line: Duplex) {
    this.line = line
  }

  async write(piece: Buffer): Promise<void> {
    this.pieces.push(piece)
    this.size += piece.length
    if (this.size >= gatherBytes) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.size === 0) return
    const bytes = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces, this.size)
    this.pieces = []
    this.size = 0
    if (this.line.destroyed || this.line.writableEnded) throw new Cut()
    if (!this.line.write(bytes)) await this.drained()
  }

  private drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (work: () => void) => () => {
        this.line.off("drain", onDrain)
        this.line.off("close", onClose)
        work()
      }
      const onDrain = done(resolve)
      const onClose = done(() => reject(new Cut()))
      this.line.on("drain", onDrain)
      this.line.on("close", onClose)
      if (this.line.destroyed) onClose()
    })
  }
}
