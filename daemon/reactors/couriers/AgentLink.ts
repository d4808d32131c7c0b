/**
 * One connection to one agent: requests and their answers, frames in between, and word when it ends. Whatever was not
 * answered when it ends fails; every method may be said again on the next link.
 */

import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AgentMethods } from "../../../sdk/agent/protocol.ts"

/** When an agent refuses, or the connection to it ends first. */
export class AgentError extends Schema.TaggedError<AgentError>()("AgentError", {
  tag: Schema.String,
  message: Schema.String
}) {}

export interface Frame {
  readonly type: string
  readonly data: { readonly id?: number } & Readonly<Record<string, unknown>>
}
type OnFrame = (frame: Frame) => void

interface Waiting {
  readonly succeed: (value: unknown) => void
  readonly fail: (error: AgentError) => void
  readonly die: (defect: unknown) => void
  readonly onFrame: OnFrame | undefined
}

const answerMaxMs = 15_000
/** An agent never sends more than this in one line; more means that it is not an agent. */
const lineMaxChars = 16 * 1024 * 1024

const frameIn = (line: string): Frame | undefined => {
  try {
    const frame = JSON.parse(line)
    return typeof frame?.data === "object" && frame.data !== null ? frame : undefined
  } catch {
    return undefined
  }
}

/** On a link of its own that ends with the work. Until it is there it can be given up: a node may be silent for long. */
export const onOwnLink = <A, E, E2>(dialled: Effect.Effect<AgentLink, E>, work: (link: AgentLink) => Effect.Effect<A, E2>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(restore(dialled), (link) =>
      Effect.ensuring(
        restore(work(link)),
        Effect.sync(() => link.end())
      )
    )
  )

export class AgentLink {
  private readonly waiting = new Map<number, Waiting>()
  private readonly stream: Duplex
  private buffer = ""
  private lastId = 0
  private ended: AgentError | undefined
  private readonly onClose: Array<() => void> = []

  constructor(stream: Duplex) {
    this.stream = stream
    stream.setEncoding("utf8")
    stream.on("data", (chunk: string) => this.read(chunk))
    stream.on("error", (cause) => this.close(`the connection to the agent broke: ${cause.message}`))
    stream.on("close", () => this.close("the agent closed the connection"))
    // Between it was had and now it can have ended, and says so to nobody any more.
    if (stream.destroyed) this.close(`the connection to the agent broke: ${stream.errored?.message ?? "it ended at once"}`)
  }

  get isOpen(): boolean {
    return this.ended === undefined
  }

  /** Called once, when the connection has ended for whatever reason. */
  whenClosed(callback: () => void): void {
    if (this.ended === undefined) this.onClose.push(callback)
    else callback()
  }

  request<M extends keyof AgentMethods>(
    method: M,
    params: AgentMethods[M][0],
    onFrame?: OnFrame
  ): Effect.Effect<AgentMethods[M][1], AgentError> {
    return Effect.callback((resume) => {
      if (this.ended !== undefined) return resume(Effect.fail(this.ended))
      const id = ++this.lastId
      this.waiting.set(id, {
        succeed: (value) => resume(Effect.succeed(value as AgentMethods[M][1])),
        fail: (error) => resume(Effect.fail(error)),
        die: (defect) => resume(Effect.die(defect)),
        onFrame
      })
      this.write({ type: "request", data: { id, method, params } })
      return Effect.sync(() => this.leave(id))
    })
  }

  /** For what an agent answers at once. One that does not is treated as gone: its link ends. */
  ask<M extends keyof AgentMethods>(method: M, params: AgentMethods[M][0]): Effect.Effect<AgentMethods[M][1], AgentError> {
    return Effect.timeoutOrElse(this.request(method, params), {
      duration: answerMaxMs,
      orElse: () =>
        Effect.suspend(() => {
          this.close(`the agent did not answer '${method}' within ${answerMaxMs / 1000} s`)
          return Effect.fail(this.ended!)
        })
    })
  }

  /** Holds the agent back while a reader is slow. */
  pause(): void {
    this.stream.pause()
  }
  resume(): void {
    this.stream.resume()
  }
  end(): void {
    this.stream.destroy()
  }

  private write(frame: object): void {
    if (this.ended === undefined) this.stream.write(`${JSON.stringify(frame)}\n`)
  }

  private read(chunk: string): void {
    this.buffer = this.buffer === "" ? chunk : this.buffer + chunk
    if (this.buffer.length > lineMaxChars) this.close("the agent sent a line that is too long")
    let start = 0
    for (let end = this.buffer.indexOf("\n"); end !== -1; end = this.buffer.indexOf("\n", start)) {
      const line = this.buffer.slice(start, end)
      start = end + 1
      const frame = frameIn(line)
      if (frame === undefined) {
        this.close("the agent sent a line that is no frame")
        return
      }
      this.take(frame)
    }
    this.buffer = this.buffer.slice(start)
  }

  private take(frame: Frame): void {
    const id = frame.data.id ?? -1
    const waiting = this.waiting.get(id)
    if (waiting === undefined) return
    if (frame.type === "result") {
      this.waiting.delete(id)
      waiting.succeed(frame.data["value"])
    } else if (frame.type === "failure") {
      this.waiting.delete(id)
      const error = frame.data["error"] as { readonly tag?: string; readonly message?: string } | null | undefined
      waiting.fail(new AgentError({ tag: error?.tag ?? "AgentError", message: error?.message ?? "the agent refused" }))
    } else this.hand(frame, id, waiting)
  }

  /** A reader that throws is a defect of that request: neither the agent's nor the other requests'. */
  private hand(frame: Frame, id: number, { die, onFrame }: Waiting): void {
    try {
      onFrame?.(frame)
    } catch (defect) {
      this.leave(id)
      die(defect)
    }
  }

  private leave(id: number): void {
    if (this.waiting.delete(id)) this.write({ type: "detach", data: { id } })
  }

  private close(message: string): void {
    if (this.ended !== undefined) return
    const ended = new AgentError({ tag: "Disconnected", message })
    this.ended = ended
    this.stream.destroy()
    for (const { fail } of this.waiting.values()) fail(ended)
    this.waiting.clear()
    for (const callback of this.onClose) callback()
  }
}
