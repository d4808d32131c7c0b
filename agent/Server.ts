/**
 * Listens on the node's socket and answers requests by a table of methods. A stream lives as long as its connection, or until
 * `detach`; a bad frame is answered and ends the connection; whatever a client does, the agent goes on.
 */
import * as fs from "node:fs"
import { connect, createServer, type Server as NetServer, type Socket } from "node:net"
import { AgentFailure, badFrame, toWire } from "./failures.ts"
import { type Frame, readFrames, writeFrame } from "./frames.ts"

const fullBytes = 1024 * 1024

/** What a method that streams writes to. */
export interface Stream {
  readonly signal: AbortSignal
  readonly full: boolean
  readonly send: (type: string, data: object) => void
  drained(): Promise<void>
}

export type Method = (params: never, stream: Stream) => unknown

class Connection {
  readonly #socket: Socket
  readonly #methods: Readonly<Record<string, Method>>
  readonly #position: () => number
  readonly #streams = new Map<unknown, AbortController>()

  constructor(socket: Socket, methods: Readonly<Record<string, Method>>, position: () => number) {
    this.#socket = socket
    this.#methods = methods
    this.#position = position
    socket.on("error", () => {})
    socket.on("close", () => {
      for (const stream of this.#streams.values()) stream.abort()
    })
    readFrames(
      socket,
      (frame) => this.#read(frame),
      (why) => {
        writeFrame(socket, "failure", { id: null, error: toWire(badFrame(why)) })
        socket.end()
      }
    )
  }

  #read({ type, data }: Frame) {
    if (type === "detach") this.#streams.get(data.id)?.abort()
    else if (type === "request") this.#answer(data)
    else this.#fail(data.id ?? null, badFrame(`unknown type ${type}`))
  }

  async #answer({ id = null as never, method, params }: Frame["data"]) {
    const abort = new AbortController()
    this.#streams.set(id, abort)
    try {
      const known = Object.hasOwn(this.#methods, String(method)) ? this.#methods[String(method)] : undefined
      if (known === undefined) throw new AgentFailure("ValueError", `unknown method ${method}`, 2)
      const value = await known((params ?? {}) as never, this.#stream(id, abort.signal))
      writeFrame(this.#socket, "result", { id, at: this.#position(), value: value ?? {} })
    } catch (cause) {
      this.#fail(id, cause)
    } finally {
      if (this.#streams.get(id) === abort) this.#streams.delete(id)
    }
  }

  #stream(id: string | number, signal: AbortSignal): Stream {
    const socket = this.#socket
    return {
      signal,
      get full() {
        return socket.writableLength > fullBytes
      },
      send: (type, data) => {
        if (!signal.aborted) writeFrame(socket, type, { id, ...data })
      },
      drained: () =>
        new Promise((resolve) => {
          if (signal.aborted || socket.destroyed) return resolve()
          const done = () => {
            socket.off("drain", done)
            signal.removeEventListener("abort", done)
            resolve()
          }
          socket.on("drain", done)
          signal.addEventListener("abort", done)
        })
    }
  }

  #fail(id: string | number | null, cause: unknown) {
    if (!(cause instanceof AgentFailure)) console.error(cause)
    writeFrame(this.#socket, "failure", { id, error: toWire(cause) })
  }
}

/** Whether somebody answers on the socket. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

const bind = (path: string, methods: Readonly<Record<string, Method>>, position: () => number): Promise<NetServer> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => new Connection(socket, methods, position))
    server.on("error", reject)
    // Only the owner may connect; the socket gets its mode when it is bound.
    const before = process.umask(0o077)
    server.listen(path, () => resolve(server))
    process.umask(before)
  })

export const listen = async (path: string, methods: Readonly<Record<string, Method>>, position: () => number): Promise<NetServer> => {
  if (fs.existsSync(path)) {
    if (await answers(path)) throw new Error(`another agent listens on ${path}`)
    fs.rmSync(path, { force: true })
  }
  return bind(path, methods, position)
}
