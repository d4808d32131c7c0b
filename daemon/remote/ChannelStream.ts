/**
 * A channel of a connection as a Duplex like any other. ssh2's own neither fails when the connection goes nor can be destroyed, and forgets
 * who writes to it once it is closed.
 */
import { Duplex } from "node:stream"
import type { ClientChannel } from "ssh2"
import type { RemoteError } from "./RemoteError.ts"

export abstract class ChannelStream extends Duplex {
  /** What is written is sent on by then, so that its memory may be used again. */
  readonly keepsNothing = true
  protected readonly channel: ClientChannel
  /** Neither heard nor told anything any more. */
  private isOver = false
  private written: (() => void) | undefined

  constructor(channel: ClientChannel, allowHalfOpen: boolean) {
    super({ allowHalfOpen })
    this.channel = channel
    channel.on("error", (error: Error) => this.destroy(error))
    // Whoever listens hears it; where nobody does, a machine that is lost must not end the daemon.
    this.on("error", () => undefined)
  }

  /** The connection is gone. */
  lose(error: RemoteError): void {
    this.isOver = true
    this.destroy(error)
  }

  override _read(): void {
    this.channel.resume()
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written = done
    if (this.isOver) this.wrote()
    else this.channel.write(chunk, () => this.wrote())
  }
  override _final(done: () => void): void {
    this.channel.end()
    done()
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.isOver) this.leave()
    done(error)
  }

  protected hear(bytes: Buffer): void {
    if (bytes.length > 0 && !this.destroyed && !this.push(bytes)) this.channel.pause()
  }

  /** Nobody reads any more: what still comes must not hold the channel open. */
  protected leave(): void {
    this.channel.resume()
    this.channel.close()
  }

  /** All has come, and nothing more is taken: what was still to be written is dropped, and who reads has the rest and then the end. */
  protected finish(trouble: RemoteError | null): void {
    this.isOver = true
    if (trouble !== null) this.destroy(trouble)
    if (this.destroyed) return
    this.push(null)
    this.end()
    this.wrote()
  }

  private wrote(): void {
    const done = this.written
    this.written = undefined
    done?.()
  }
}
