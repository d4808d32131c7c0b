/**
 * The exec channels of one connection. A server allows few at once (sshd: MaxSessions, 10): we open at most 8 and the rest wait their turn.
 * One that allows fewer refuses; then its limit is ours, for as long as the connection lives: what is more is never tried again. Streams
 * stay open for long, so they never keep others waiting: where they hold all there is, a caller is told at once.
 */
import type { ClientChannel } from "ssh2"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import type { Target } from "./Target.ts"

type Use = "run" | "stream"

interface Waiting {
  readonly command: string
  readonly use: Use
  readonly done: (channel: ClientChannel) => void
  readonly fail: (error: unknown) => void
  /** Refusals while nothing else was open: a server lets go of a channel a moment after it was closed. */
  refusals: number
}

const channelsMax = 8
const refusalsMax = 6
const refusalPauseMs = 50

/** Said by the server to "open a channel": prohibited, failed, no resources. */
export const isRefusal = (error: unknown): boolean => typeof (error as { reason?: unknown }).reason === "number"

export class Channels {
  private limit = channelsMax
  private readonly open: Record<Use, number> = { run: 0, stream: 0 }
  private readonly queue: Array<Waiting> = []
  private pause: NodeJS.Timeout | undefined
  private readonly target: Target
  private readonly exec: (command: string) => Promise<ClientChannel>
  private readonly onChange: () => void

  constructor(target: Target, exec: (command: string) => Promise<ClientChannel>, onChange: () => void) {
    this.target = target
    this.exec = exec
    this.onChange = onChange
  }

  get inUse(): number {
    return this.open.run + this.open.stream + this.queue.length
  }
  /** Whether one who asks gets a channel, if need be after others. */
  get hasRoom(): boolean {
    return this.open.stream < this.limit
  }

  take(command: string, use: Use, signal?: AbortSignal): Promise<ClientChannel> {
    return new Promise((done, fail) => {
      const waiting: Waiting = { command, use, done, fail, refusals: 0 }
      this.queue.push(waiting)
      signal?.addEventListener("abort", () => this.leave(waiting), { once: true })
      this.advance()
    })
  }

  /** The connection is gone: nobody waits any more. */
  end(error: RemoteError): void {
    clearTimeout(this.pause)
    for (const { fail } of this.queue.splice(0)) fail(error)
    this.onChange()
  }

  private leave(waiting: Waiting): void {
    const at = this.queue.indexOf(waiting)
    if (at === -1) return
    this.queue.splice(at, 1)
    waiting.fail(remoteError("Interrupted", this.target, "it was given up"))
    this.onChange()
  }

  private advance(): void {
    while (this.pause === undefined && this.queue.length > 0 && this.open.run + this.open.stream < this.limit)
      this.start(this.queue.shift()!)
    if (!this.hasRoom) {
      const words = `all ${this.limit} channels of the connection to ${this.target.name} are held by streams`
      for (const { fail } of this.queue.splice(0)) fail(remoteError("ChannelsTaken", this.target, words))
    }
    this.onChange()
  }

  private start(waiting: Waiting): void {
    const { command, use } = waiting
    this.open[use]++
    this.exec(command).then(
      (channel) => {
        channel.once("close", () => this.release(use))
        waiting.done(channel)
      },
      (error) => {
        this.open[use]--
        if (isRefusal(error)) this.refused(waiting, error)
        else waiting.fail(error)
        this.advance()
      }
    )
  }

  private release(use: Use): void {
    this.open[use]--
    this.advance()
  }

  private refused(waiting: Waiting, error: Error): void {
    const others = this.open.run + this.open.stream
    if (others > 0) this.limit = Math.min(this.limit, others)
    else if (++waiting.refusals > refusalsMax) {
      const words = `${this.target.name} lets us in and opens no channel: ${error.message.replace(/^\(SSH\) /, "")}`
      waiting.fail(remoteError("NoShell", this.target, words))
      return
    } else {
      this.limit = 1
      this.pause ??= setTimeout(
        () => {
          this.pause = undefined
          this.advance()
        },
        refusalPauseMs * 2 ** (waiting.refusals - 1)
      )
    }
    this.queue.unshift(waiting)
  }
}
