/**
 * A program on a machine as one stream: its stdin and stdout. ssh2's own channel neither fails when the connection goes nor can be destroyed, and forgets
 * who writes to it once it is closed; this one is a Duplex like any other. It ends with an error where the program fails. What the program says on
 * stderr is told as `said`.
 */
import { Duplex } from "node:stream"
import type { ClientChannel } from "ssh2"
import { signalGroup } from "./inside-ssh2.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import { AfterMark, type Prologue, whenOver } from "./shell.ts"
import type { Target } from "./Target.ts"

/** The end of what the program said on stderr, for messages. */
const saidMaxChars = 2000

export class ExecStream extends Duplex {
  private readonly channel: ClientChannel
  private readonly target: Target
  private readonly stdout: AfterMark
  private said = ""
  private exit: { readonly code: number | null; readonly signal: string | null } | undefined
  private closed_ = false

  constructor(channel: ClientChannel, target: Target, { mark, script }: Prologue) {
    super({ allowHalfOpen: true })
    this.channel = channel
    this.target = target
    this.stdout = new AfterMark(mark)
    channel.on("data", (chunk: Buffer) => {
      const bytes = this.stdout.take(chunk)
      if (bytes.length > 0 && !this.destroyed && !this.push(bytes)) channel.pause()
    })
    channel.stderr.on("data", (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-saidMaxChars)
      this.emit("said", chunk.toString())
    })
    channel.on("exit", (code: number | null, signal?: string) => {
      this.exit = { code, signal: signal ?? null }
    })
    channel.on("error", (error: Error) => this.destroy(error))
    whenOver(channel, () => this.finish())
    // Whoever listens hears it; where nobody does, a machine that is lost must not end the daemon.
    this.on("error", () => undefined)
    channel.write(script)
  }

  /** The connection is gone. */
  lose(error: RemoteError): void {
    this.closed_ = true
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
    if (!this.closed_) {
      // Nobody reads any more: what still comes must not hold the channel open.
      this.channel.resume()
      if (this.exit === undefined) signalGroup(this.channel, "TERM")
      this.channel.close()
    }
    done(error)
  }

  private finish(): void {
    this.closed_ = true
    if (this.destroyed) return
    const trouble = this.trouble()
    if (trouble !== null) this.destroy(trouble)
    else {
      this.push(null)
      this.end()
    }
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
