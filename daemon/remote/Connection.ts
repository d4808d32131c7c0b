/**
 * One ssh connection to one machine, made by `connect.ts`. What runs there shares it, a channel each. It is lost once, for one reason, and
 * then everything on it fails with that; nothing is tried again here.
 */
import type { Duplex } from "node:stream"
import type { Client, ClientChannel } from "ssh2"
import type { ChannelStream } from "./ChannelStream.ts"
import { Channels, isRefusal } from "./Channels.ts"
import { clientError, closedThere } from "./client-error.ts"
import { ExecStream } from "./ExecStream.ts"
import { isHeard } from "./inside-ssh2.ts"
import { type RemoteError, remoteError } from "./RemoteError.ts"
import type { Route } from "./route.ts"
import { type Ran, type RunOptions, runOn } from "./run.ts"
import { SocketStream } from "./SocketStream.ts"
import { program, prologue } from "./shell.ts"
import type { Target } from "./Target.ts"

type WhenClosed = (error: RemoteError) => void
type Ask = (done: (error: Error | undefined, channel: ClientChannel) => void) => void

/** For the goodbye to be sent. */
const goodbyeMaxMs = 500
/** So often is what comes taken for a sign of life. */
const heardEachMs = 250

const rejectedBy = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))

export class Connection {
  readonly target: Target
  /** `ssh-ed25519 AAAA…`, as seen: what to pin. */
  readonly hostKey: string
  private readonly client: Client
  private readonly route: Route
  private readonly channels: Channels
  private readonly closers = new Set<WhenClosed>()
  private forwards = 0
  private lost: RemoteError | undefined
  /** Told whenever a channel comes or goes. */
  onChange: () => void = () => undefined

  constructor(target: Target, hostKey: string, client: Client, route: Route) {
    this.target = target
    this.hostKey = hostKey
    this.client = client
    this.route = route
    this.channels = new Channels(
      target,
      (command) => this.asking((done) => client.exec(command, done)),
      () => this.onChange()
    )
    let heardAtMs = 0
    route.stream.on("data", () => {
      const nowMs = performance.now()
      if (this.lost !== undefined || nowMs - heardAtMs < heardEachMs) return
      heardAtMs = nowMs
      isHeard(client)
    })
    client.on("error", (error) => this.lose(clientError(this.target, error)))
    // A way that others keep for us may end without being closed.
    const closed = () => this.lose(closedThere(this.target))
    client.on("end", closed).on("close", closed)
  }

  get isOpen(): boolean {
    return this.lost === undefined
  }
  get isBusy(): boolean {
    return this.channels.inUse + this.forwards > 0
  }
  /** Whether another script or stream gets a channel on it. */
  get hasRoom(): boolean {
    return this.channels.hasRoom
  }

  /** Called once. What it answers forgets it again. */
  whenClosed(callback: WhenClosed): () => void {
    if (this.lost !== undefined) callback(this.lost)
    else this.closers.add(callback)
    return () => this.closers.delete(callback)
  }

  /** Runs a script of ours to its end: see `run.ts`. */
  async run(script: string, options: RunOptions = {}): Promise<Ran> {
    this.mustBeOpen(options.signal)
    const first = prologue(script, options.args ?? [])
    const channel = await this.channels.take(first.command, "run", options.signal)
    this.mustBeOpen()
    return runOn(channel, this.target, first, options, (lost) => this.whenClosed(lost))
  }

  /** A program there as a stream; it keeps its channel until it ends. */
  async open(command: ReadonlyArray<string>, signal?: AbortSignal): Promise<Duplex> {
    this.mustBeOpen(signal)
    const first = prologue(program(command), [])
    const channel = await this.channels.take(first.command, "stream", signal)
    const stream = this.kept(() => new ExecStream(channel, this.target, first))
    if (signal?.aborted) stream.destroy(remoteError("Interrupted", this.target, "it was given up"))
    return stream
  }

  /** To where a machine is reached from this one. Given up, it fails with the reason for that. */
  forward(host: string, port: number, signal: AbortSignal): Promise<ClientChannel> {
    return this.through((done) => this.client.forwardOut("127.0.0.1", 0, host, port, done), signal)
  }

  /**
   * To a Unix socket there: no session, so no channel of those that are few. A server that is told to make none (OpenSSH) answers as where
   * nobody listens: a refusal says no more than that it did not come about.
   */
  async dial(path: string, signal: AbortSignal): Promise<Duplex> {
    const channel = await this.through((done) => this.client.openssh_forwardOutStreamLocal(path, done), signal).catch((error) => {
      if (!isRefusal(error)) throw error
      throw remoteError("NotForwarded", this.target, `${this.target.name} makes no connection to ${path}`)
    })
    return this.kept(() => new SocketStream(channel))
  }

  /** Lost with the connection, which may be gone already: a goodbye can come in one breath with the channel. */
  private kept<S extends ChannelStream>(make: () => S): S {
    this.mustBeOpen()
    const stream = make()
    stream.once(
      "close",
      this.whenClosed((error) => stream.lose(error))
    )
    return stream
  }

  private async through(ask: Ask, signal: AbortSignal): Promise<ClientChannel> {
    this.mustBeOpen()
    signal.throwIfAborted()
    this.forwards++
    const left = () => {
      this.forwards--
      this.onChange()
    }
    try {
      const asked = this.asking(ask)
      const channel = await Promise.race([asked, rejectedBy(signal)]).catch((error) => {
        // It may still come.
        asked.then((late) => late.destroy()).catch(() => undefined)
        throw error
      })
      channel.once("close", left)
      return channel
    } catch (error) {
      left()
      throw error
    }
  }

  close(): void {
    if (this.lost !== undefined) return
    this.client.end()
    this.lose(remoteError("ConnectionLost", this.target, `the connection to ${this.target.name} was closed by us`), goodbyeMaxMs)
  }

  private mustBeOpen(signal?: AbortSignal): void {
    if (this.lost !== undefined) throw this.lost
    if (signal?.aborted) throw remoteError("Interrupted", this.target, "it was given up")
  }

  private asking(ask: Ask): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const forget = this.whenClosed(reject)
      try {
        ask((error, channel) => {
          forget()
          if (error) reject(this.lost ?? (isRefusal(error) ? error : clientError(this.target, error)))
          else resolve(channel)
        })
      } catch {
        // It says so when it cannot send any more.
        this.lose(closedThere(this.target))
      }
    })
  }

  private lose(error: RemoteError, lingerMs = 0): void {
    if (this.lost !== undefined) return
    this.lost = error
    this.client.removeAllListeners().on("error", () => undefined)
    setTimeout(() => this.route.end(), lingerMs).unref()
    for (const closed of this.closers) closed(error)
    this.closers.clear()
    this.channels.end(error)
  }
}
