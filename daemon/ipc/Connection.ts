/** One client. Its requests run side by side; a client that goes away stops what streams to it, never the work. */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"

/** Bytes that may wait for a slow reader before its source is held back. node-ipc destroys a reader with 8 MiB pending. */
const pendingMaxBytes = 256 * 1024
/** Requests of one client that may run at once. */
const requestsMax = 1024

export interface Reply {
  /** Waits while the reader is slow. */
  readonly send: (frame: ServerFrame) => Effect.Effect<void>
  /** At once, for sources that hold themselves back by `isFull` and `whenDrained`. */
  readonly push: (frame: ServerFrame) => void
  readonly isFull: () => boolean
  readonly whenDrained: (callback: () => void) => void
}

export class Connection implements Reply {
  private readonly socket: Socket
  private readonly emit: (type: string, data: unknown) => void
  private readonly running = new Map<string | number, Fiber.Fiber<void>>()
  private halfClosed = false
  /** A bad frame was seen: nothing more is read, and it ends after the replies to the good ones. */
  private refused: (() => void) | undefined

  constructor(socket: Socket, emit: (type: string, data: unknown) => void) {
    this.socket = socket
    this.emit = emit
  }

  readonly push = ({ data, type }: ServerFrame): void => {
    if (!this.socket.destroyed) this.emit(type, data)
  }
  readonly isFull = (): boolean => this.socket.writableLength > pendingMaxBytes
  readonly whenDrained = (callback: () => void): void => void this.socket.once("drain", callback)
  /** Waits until there is room, then sends: many replies that wait for a slow reader are not printed before it reads. */
  readonly send = (frame: ServerFrame): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (this.isFull() && !this.socket.destroyed) return Effect.andThen(this.drained, this.send(frame))
      this.push(frame)
      return Effect.void
    })

  private readonly drained = Effect.callback<void>((resume) => {
    const done = () => {
      this.socket.off("drain", done).off("close", done)
      resume(Effect.void)
    }
    this.socket.once("drain", done).once("close", done)
    return Effect.sync(() => this.socket.off("drain", done).off("close", done))
  })

  get isOpen(): boolean {
    return this.refused === undefined && !this.socket.destroyed
  }
  isBusy(id: string | number): boolean {
    return this.running.has(id)
  }
  get isCrowded(): boolean {
    return this.running.size >= requestsMax
  }

  start(id: string | number, fork: () => Fiber.Fiber<void>): void {
    const fiber = fork()
    this.running.set(id, fiber)
    fiber.addObserver(() => {
      this.running.delete(id)
      this.endIfDone()
    })
  }

  detach(id: string | number): void {
    const fiber = this.running.get(id)
    if (fiber !== undefined) Effect.runFork(Fiber.interrupt(fiber))
  }

  /** After a half-close the last reply is still written: `nc -N` and `socat` rely on it. */
  clientEnded(): void {
    this.halfClosed = true
    this.endIfDone()
  }
  refuse(say: () => void): void {
    this.refused ??= say
    this.endIfDone()
  }
  closed(): void {
    for (const fiber of this.running.values()) Effect.runFork(Fiber.interrupt(fiber))
  }

  private endIfDone(): void {
    if (this.running.size > 0 || this.socket.destroyed) return
    if (this.refused !== undefined) {
      this.refused()
      this.refused = () => undefined
      this.socket.end()
    } else if (this.halfClosed) this.socket.end()
  }
}
