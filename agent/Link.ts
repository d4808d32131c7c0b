/**
 * The head's connection to one worker's agent. What must be done there is said until it is answered, again after each broken
 * connection; what is known of its ranks is told anew whenever the connection stands. Silence means nothing.
 */
import type { Duplex } from "node:stream"
import type { Peer } from "../sdk/agent/protocol.ts"
import { connectTo } from "./connect-to.ts"
import { type Frame, readFrames, writeFrame } from "./frames.ts"
import { isElsewhere, type Ssh } from "./ssh.ts"

const firstRetryMs = 50
const longestRetryMs = 5000
/** Machines shut out who comes again and again with a key that they refuse: by itself it comes as seldom as that, */
const refusedRetryMs = 30_000
/** and this long after the last time where it is told that it may be let in by now. */
const toldRetryMs = 3000
const isRefusal = (why: string) => /Permission denied|Host key verification failed/.test(why)

interface Wish {
  readonly method: string
  /** Asked for when it goes out; null: it is not to be said any more. */
  readonly params: () => object | null
  readonly done: () => void
}

export class Link {
  readonly peer: Peer
  connected = false
  /** Why it is not, in the words of who knows; null where a worker on this machine is silent: its agent is not there, what else. */
  problem: string | null = null
  readonly #ssh: Ssh
  readonly #cluster: string
  /** Its journal. */
  readonly #head: string
  readonly #onRank: (data: Frame["data"]) => void
  readonly #onChange: () => void
  readonly #wishes = new Map<number, Wish>()
  readonly #abort = new AbortController()
  #socket: Duplex | null = null
  #next = 1
  #retryMs = firstRetryMs
  #timer: NodeJS.Timeout | null = null
  /** When it was refused last; null where that was not what it failed for. */
  #refusedAtMs: number | null = null
  /** What was last written down. */
  #noted: string | null = null

  constructor(peer: Peer, ssh: Ssh, cluster: string, head: string, onRank: (data: Frame["data"]) => void, onChange: () => void) {
    this.peer = peer
    this.#ssh = ssh
    this.#cluster = cluster
    this.#head = head
    this.#onRank = onRank
    this.#onChange = onChange
    this.problem = peer.problem ?? null
    if (this.problem === null) this.#connect()
  }

  /** Resolves when the worker has answered, however long that takes; what it refuses is not asked again. */
  wish(method: string, params: Wish["params"]): Promise<void> {
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

  /** Who was refused may be let in by now: what it was told then says nothing of that. */
  tryAgain() {
    if (this.#refusedAtMs === null || this.#abort.signal.aborted) return
    this.problem = null
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#connect(), Math.max(0, this.#refusedAtMs + toldRetryMs - performance.now()))
  }

  close() {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#abort.abort()
  }

  #say(id: number) {
    const wish = this.#wishes.get(id)!
    const params = wish.params()
    if (params === null) return this.#end(id)
    writeFrame(this.#socket!, "request", { id, method: wish.method, params })
  }

  #end(id: number) {
    const wish = this.#wishes.get(id)
    this.#wishes.delete(id)
    wish?.done()
  }

  #connect() {
    this.#timer = null
    connectTo(this.peer, this.#ssh, this.#abort.signal, true).then(
      (socket) => this.#greet(socket),
      (error: Error) => this.#lost(error.message)
    )
  }

  #greet(socket: Duplex) {
    let why = "the connection ended"
    let isTold = false
    this.#socket = socket
    const refuse = (answer: string) => {
      why = answer
      isTold = true
      socket.destroy()
    }
    readFrames(
      socket,
      (frame) => this.#read(frame, refuse),
      () => socket.destroy()
    )
    socket.on("error", ({ message }) => {
      why = message
    })
    socket.on("close", () => this.#lost(why, isTold))
    writeFrame(socket, "request", { id: "hello", method: "hello", params: { cluster: this.#cluster, node: this.peer.node } })
    writeFrame(socket, "request", { id: "watch", method: "rank.watch", params: { head: this.#head } })
  }

  #read({ type, data }: Frame, refuse: (why: string) => void) {
    if (type === "rank") {
      // Now all stands: whoever says hello may still refuse to be watched, over and over.
      this.#noted = null
      this.#retryMs = firstRetryMs
      return this.#onRank(data)
    }
    if (type === "failure" && (data.id === "hello" || data.id === "watch")) return refuse((data.error as { message: string }).message)
    if (data.id === "hello") {
      this.connected = true
      this.problem = null
      this.#refusedAtMs = null
      for (const id of this.#wishes.keys()) this.#say(id)
      return this.#onChange()
    }
    this.#end(data.id as number)
  }

  /** `isTold`: by the agent there. */
  #lost(why: string, isTold = false) {
    this.connected = false
    if (this.#abort.signal.aborted) return
    const isKnown = isTold || isElsewhere(this.peer)
    if (isKnown && this.#noted !== why) console.error(`node ${this.peer.rank} is not reached: ${why}`)
    this.problem = isKnown ? why : null
    if (isKnown) this.#noted = why
    this.#refusedAtMs = isRefusal(why) ? performance.now() : null
    this.#timer = setTimeout(() => this.#connect(), isRefusal(why) ? refusedRetryMs : this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs)
    this.#onChange()
  }
}
