/**
 * A connection to a Unix socket on a machine, without a program in between. Not every server makes one; where one is refused, a program that connects
 * will do. As with `ExecStream`: ssh2's own channel neither fails when the connection goes nor can be destroyed.
 */
import { Duplex } from "node:stream"
import type { ClientChannel } from "ssh2"
import type { RemoteError } from "./RemoteError.ts"

export class SocketStream extends Duplex {
  private readonly channel: ClientChannel

  constructor(channel: ClientChannel) {
    // Where an agent is gone its server says that nothing more comes, and waits for us to say the same.
    super({ allowHalfOpen: false })
    this.channel = channel
    channel.on("data", (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) channel.pause()
    })
    channel.on("error", (error: Error) => this.destroy(error))
    channel.once("end", () => this.push(null))
    channel.once("close", () => this.destroy())
    // Whoever listens hears it; where nobody does, a machine that is lost must not end the daemon.
    this.on("error", () => undefined)
  }

  /** The connection is gone. */
  lose(error: RemoteError): void {
    this.destroy(error)
  }

  override _read(): void {
    this.channel.resume()
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.channel.write(chunk)) done()
    else this.channel.once("drain", done)
  }
  override _final(done: () => void): void {
    this.channel.end()
    done()
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Nobody reads any more: what still comes must not hold the channel open.
    this.channel.resume()
    this.channel.close()
    done(error)
  }
}
