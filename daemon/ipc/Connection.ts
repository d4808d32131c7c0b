/**
 * One client. Its requests run side by side; a client that goes away stops what streams to it, never the work. One that does not
 * read is not read from, and no page is made for it.
 */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import type { Reply } from "../requests/Reply.ts"
import { limits } from "./limits.ts"

/** Commands and streams go on side by side, some streams until they are left. Questions are answered one after the other. */
export type Kind = "command" | "question" | "stream" | "endless stream"

/** Pages of the log that are made at once, in all connections together. */
export const pageMakers = () => Semaphore.makeUnsafe(limits.pagesMax)

export class Connection implements Reply {
  private readonly socket: Socket
  private readonly emit: (type: string, data: unknown) => void
  private readonly running = new Map<string | number, { readonly fiber: Fiber.Fiber<void>; readonly kind: Kind }>()
  private readonly questions = Semaphore.makeUnsafe(1)
  private readonly makers: Semaphore.Semaphore
  private halfClosed = false
  /** A bad frame was seen: nothing more is read, and it ends after the replies to the good ones. */
  private refused: (() => void) | undefined
  private lingering: NodeJS.Timeout | undefined

  constructor(socket: Socket, emit: (type: string, data: unknown) => void, makers: Semaphore.Semaphore) {
    this.socket = socket
    this.emit = emit
    this.makers = makers
    // Each request may wait for room.
    socket.setMaxListeners(0)
  }

  readonly push = ({ data, type }: ServerFrame): void => {
    if (!this.socket.destroyed) this.emit(type, data)
  }
  readonly isFull = (): boolean => this.socket.writableLength > limits.pendingMaxBytes
  readonly whenDrained = (callback: () => void): void => void this.socket.once("drain", callback)
  /** Many replies that wait for a slow reader are not printed before it reads, and no next page is made while one waits. */
  readonly send = (frame: ServerFrame): Effect.Effect<void> =>
    this.room.pipe(Effect.andThen(Effect.sync(() => this.push(frame))), Effect.andThen(this.room))

  private readonly drained = Effect.callback<void>((resume) => {
    const done = () => {
      this.socket.off("drain", done).off("close", done)
      resume(Effect.void)
    }
    this.socket.once("drain", done).once("close", done)
    return Effect.sync(() => this.socket.off("drain", done).off("close", done))
  })
  private readonly room: Effect.Effect<void> = Effect.suspend(() =>
    this.isFull() && !this.socket.destroyed ? Effect.andThen(this.drained, this.room) : Effect.void
  )
  /** An answer may be large: it is made when there is room for it. */
  readonly inTurn = (work: (reply: Reply) => Effect.Effect<void>): Effect.Effect<void> =>
    this.questions.withPermits(1)(
      Effect.andThen(
        this.room,
        Effect.suspend(() => work(this))
      )
    )
  /** Pages cost time too: few are made at once, and who waits for its reader lets others make theirs. */
  readonly inPages = (work: (reply: Reply) => Effect.Effect<void>): Effect.Effect<void> => {
    let holds = false
    const enter = Effect.uninterruptibleMask((restore) =>
      Effect.andThen(
        restore(Effect.andThen(this.room, this.makers.take(1))),
        Effect.sync(() => {
          holds = true
        })
      )
    )
    const leave = Effect.suspend(() => {
      const release = holds ? this.makers.release(1) : Effect.void
      holds = false
      return release
    })
    const send = (frame: ServerFrame) =>
      Effect.suspend(() => {
        this.push(frame)
        return frame.type === "result" || this.isFull() ? Effect.andThen(leave, enter) : Effect.void
      })
    const { isFull, push, whenDrained } = this
    const paced = Effect.andThen(
      enter,
      Effect.suspend(() => work({ send, push, isFull, whenDrained }))
    )
    return this.questions.withPermits(1)(Effect.ensuring(paced, leave))
  }

  get isOpen(): boolean {
    return this.refused === undefined && !this.socket.destroyed
  }
  isBusy(id: string | number): boolean {
    return this.running.has(id)
  }
  get requests(): number {
    return this.running.size
  }
  streams = 0

  start(id: string | number, kind: Kind, fork: () => Fiber.Fiber<void>): void {
    const fiber = fork()
    const streams = isStream(kind) ? 1 : 0
    this.running.set(id, { fiber, kind })
    this.streams += streams
    fiber.addObserver(() => {
      this.running.delete(id)
      this.streams -= streams
      this.endIfDone()
    })
  }

  detach(id: string | number): void {
    const found = this.running.get(id)
    if (found !== undefined) Effect.runFork(Fiber.interrupt(found.fiber))
  }

  /** After a half-close the last reply is still written: `nc -N` and `socat` rely on it. */
  clientEnded(): void {
    this.halfClosed = true
    this.endIfDone()
  }
  /** What ends only when it is left can be left no more, and is due no reply. */
  refuse(say: () => void): void {
    this.refused ??= say
    for (const [id, { kind }] of this.running) if (kind === "endless stream") this.detach(id)
    this.endIfDone()
  }
  closed(): void {
    for (const id of this.running.keys()) this.detach(id)
  }
  /** It asks for more while its answers wait: nothing more is read before they are. */
  holdBack(): void {
    if (!this.isFull() || this.socket.isPaused()) return
    this.socket.pause()
    this.whenDrained(() => this.socket.resume())
  }

  private endIfDone(): void {
    if (this.running.size > 0 || this.socket.destroyed) return
    if (this.refused !== undefined) {
      this.refused()
      this.refused = () => undefined
      this.socket.end()
      // Who still writes must not be cut off before it has read why; who never ends is cut off then.
      this.lingering ??= setTimeout(() => this.socket.destroy(), limits.lingerMaxMs).unref()
    } else if (this.halfClosed) this.socket.end()
  }
}

export const isStream = (kind: Kind): boolean => kind === "stream" || kind === "endless stream"
