/**
 * A connection to a Unix socket on a machine, without a program in between. Not every server makes one; where one is refused, a program
 * that connects will do.
 */
import type { ClientChannel } from "ssh2"
import { ChannelStream } from "./ChannelStream.ts"

export class SocketStream extends ChannelStream {
  constructor(channel: ClientChannel) {
    // Where an agent is gone its server says that nothing more comes, and waits for us to say the same.
    super(channel, false)
    channel.on("data", (chunk: Buffer) => this.hear(chunk))
    channel.once("end", () => this.push(null))
    channel.once("close", () => this.finish(null))
  }
}
