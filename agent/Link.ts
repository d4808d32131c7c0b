/**
 * The head's connection to one worker's agent. What must be done there is said until it is answered, again after each broken
 * connection; what is known of its ranks is told anew whenever the connection stands. Silence means nothing.
 */
import { connect, type Socket } from "node:net"
import type { Peer } from "../sdk/agent/protocol.ts"
import { type Frame, readFrames, writeFrame } from "./frames.ts"

const firstRetryMs = 50
const longestRetryMs = 5000

interface Wish {
  readonly method: string
  readonly params: object
  readonly done: () => void
}

export class Link {
  readonly peer: Peer
  connected = false
  readonly #cluster: string
  /** Its journal. */
  readonly #head: string
  readonly #onRank: (data: Frame["data"]) => void
  readonly #onChange: () => void
  readonly #wishes = new Map<number, Wish>()
  #socket: Socket | null = null
  #next = 1
  #retryMs = firstRetryMs
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(peer: Peer, cluster: string, head: string, onRank: (data: Frame["data"]) => void, onChange: () => void) {
    this.peer = peer
    this.#cluster = cluster
    this.#head = head
    this.#onRank = onRank
    this.#onChange = onChange
    this.#connect()
  }

  /** Resolves when the worker has answered, however long that takes; what it refuses is not asked again. */
  wish(method: string, params: object): Promise<void> {
    return new Promise((done) => {
      const id = this.#next++
      this.#wishes.set(id, { method, params, done })
      if (this.connected) this.#say(id)
    })
  }

  /** After a while without a connection the next try may be far off: there is work now. */
  hurry() {
    if (this.#timer === null || this.#retryMs <= firstRetryMs) return
    clearTimeout(this.#timer)
    this.#retryMs = firstRetryMs
    this.#connect()
  }

  close() {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  #say(id: number) {
    const { method, params } = this.#wishes.get(id)!
    writeFrame(this.#socket!, "request", { id, method, params })
  }

  #connect() {
    this.#timer = null
    const socket = connect(this.peer.socket)
    this.#socket = socket
    readFrames(
      socket,
      (frame) => this.#read(frame),
      () => socket.destroy()
    )
    socket.on("error", () => {})
    socket.on("connect", () => {
      writeFrame(socket, "request", { id: "hello", method: "hello", params: { cluster: this.#cluster, node: this.peer.node } })
      writeFrame(socket, "request", { id: "watch", method: "rank.watch", params: { head: this.#head } })
    })
    socket.on("close", () => this.#lost())
  }

  #read({ type, data }: Frame) {
    if (type === "rank") return this.#onRank(data)
    if (data.id === "hello") {
      if (type === "failure") return this.#socket?.destroy()
      this.connected = true
      this.#retryMs = firstRetryMs
      for (const id of this.#wishes.keys()) this.#say(id)
      return this.#onChange()
    }
    const wish = this.#wishes.get(data.id as number)
    this.#wishes.delete(data.id as number)
    wish?.done()
  }

  #lost() {
    this.connected = false
    if (this.#closed) return
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs)
    this.#onChange()
  }
}
