/**
 * A program on a machine as one stream: its stdin and stdout. It ends with an error where the program fails. What the program says on
 * stderr is told as `said`.
 */
import type { ClientChannel } from "ssh2"
import { ChannelStream } from "./ChannelStream.ts"
import { signalGroup } from "./inside-ssh2.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { AfterMark, type Prologue, whenOver } from "./shell.ts"
import type { Target } from "./Target.ts"

/** The end of what the program said on stderr, for messages. */
const saidMaxChars = 2000

export class ExecStream extends ChannelStream {
  private readonly target: Target
  private readonly stdout: AfterMark
  private said = ""
  private exit: { readonly code: number | null; readonly signal: string | null } | undefined

  constructor(channel: ClientChannel, target: Target, { mark, script }: Prologue) {
    super(channel, true)
    this.target = target
    this.stdout = new AfterMark(mark, (why) => this.destroy(remoteError("NoShell", target, `${target.name} lets us in, and ${why}`)))
    channel.on("data", (chunk: Buffer) => this.hear(this.stdout.take(chunk)))
    channel.stderr.on("data", (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-saidMaxChars)
      this.emit("said", chunk.toString())
    })
    channel.on("exit", (code: number | null, signal?: string) => {
      this.exit = { code, signal: signal ?? null }
    })
    whenOver(channel, () => this.finish(this.trouble()))
    channel.write(script)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.stdout.end()
    super._destroy(error, done)
  }

  protected override leave(): void {
    if (this.exit === undefined) signalGroup(this.channel, "TERM")
    super.leave()
  }

  private trouble(): RemoteError | null {
    const words = [this.stdout.noise, this.said.trim()].filter(Boolean).join("; ")
    const because = words === "" ? "" : `: ${words}`
    if (!this.stdout.found) return remoteError("NoShell", this.target, `${this.target.name} lets us in and runs nothing for us${because}`)
    if (this.exit?.code === 0) return null
    const how = this.exit === undefined ? "without a word" : this.exit.signal === null ? `with ${this.exit.code}` : `by ${this.exit.signal}`
    return remoteError("CommandFailed", this.target, `the command on ${this.target.name} ended ${how}${because}`)
  }
}
