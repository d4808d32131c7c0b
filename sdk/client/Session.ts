/**
 * A conversation with the daemon: one connection, any number of requests. Starts the daemon if nobody answers.
 * A question shares its write with `hello`. A request that changes something waits for the daemon's `hello` (one local round trip),
 * so that an older daemon is replaced before it acts and not in the middle.
 */
import type { Socket } from "node:net"
import { build, isOlder, version } from "../protocol/build.ts"
import type { CommandName, MethodName } from "../protocol/methods.ts"
import type { Caller, ServerFrame } from "../protocol/Wire.ts"
import type { ClientError } from "./ClientError.ts"
import { dial } from "./dial.ts"
import { findHome, type Home, type Rare } from "./home.ts"
import { encode, fromWire, type Handlers, makePending, type Pending, type Request } from "./Pending.ts"
import { ulid } from "./ulid.ts"

const reconnectMs = 30_000
const retryEveryMs = 100
/** A daemon says hello at once; one that does not hangs. */
const silenceMaxMs = 10_000
const protocol = { min: 1, max: 1 }
/** By name, so that a command that is missing here does not compile: the table itself would bring its schemas along. */
const mutating: Readonly<Record<CommandName, 1>> = { launch: 1, exec: 1, start: 1, stop: 1, down: 1, autostop: 1, cancel: 1 }

export interface SessionOptions {
  readonly rare: Rare
  /** False: ask only a daemon that runs already. */
  readonly spawn?: boolean
  readonly caller?: () => Caller
  readonly home?: Home
  /** Each connection as it is made: whoever reads slowly holds it back. */
  readonly onSocket?: (socket: Socket) => void
}

export interface Session {
  readonly call: <T>(method: MethodName | (string & {}), params?: object, handlers?: Handlers, requestId?: string) => Promise<T>
  /** Stops listening. What the daemon does for us goes on. */
  readonly close: () => void
  /** When the daemon closes the connection. */
  readonly ended: () => Promise<void>
}

const closed = (socket: Socket) => new Promise<void>((done) => (socket.destroyed ? done() : socket.once("close", () => done())))

export const openSession = ({ rare, spawn = true, caller, home = findHome(rare), onSocket }: SessionOptions): Session => {
  const pending = new Map<number, Pending>()
  const greeted = Promise.withResolvers<void>()
  greeted.promise.catch(() => {})
  let connection: Promise<Socket> | undefined
  /** At most once: a daemon that stays old is used as it is. */
  let replacing: Promise<void> | undefined
  /** The greeting of a new connection, until something is written to it. */
  let unsaid = ""
  let ids = 0
  let greeting = 0
  let over = false
  let giveUpAtMs = 0

  /** One write for all that this connection has not heard. */
  const say = (socket: Socket) => {
    let text = unsaid
    unsaid = ""
    for (const request of pending.values()) {
      if (request.on !== socket) text += request.frame()
      request.on = socket
    }
    if (text) socket.write(text)
  }

  const ask = (socket: Socket, request: Request, handlers: Handlers): Promise<unknown> => {
    const asked = makePending(request, handlers)
    pending.set(request.id, asked)
    say(socket)
    return asked.done
  }

  const waiting = () => !over && (pending.size > 0 || greeting > 0)

  /**
   * Says what is left, for of a silent stream the daemon would notice nothing. Written at once: it may be the last thing a process does.
   */
  const close = () => {
    over = true
    for (const [id, { on }] of pending) on?.write(encode("detach", { id }))
    connection?.then((socket) => socket.destroy()).catch(() => {})
  }

  const fail = (error: Error) => {
    greeted.reject(error)
    close()
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }

  /** Asks an older daemon to make room. It does so only when no operation runs; the drop then starts ours. */
  const replace = async () => {
    const socket = await connected()
    const { stopping } = (await ask(socket, { id: ++ids, method: "daemon.stop", params: { ifIdle: true } }, {})) as { stopping: boolean }
    if (stopping) await closed(socket)
  }

  const take = (frame: ServerFrame) => {
    if (frame.type === "hello") {
      const newer = frame.data.protocol.min > protocol.max
      if (newer || frame.data.protocol.max < protocol.min) fail(rare().explainMismatch(frame.data, newer))
      greeted.resolve()
      if (spawn && isOlder(frame.data.build, build)) replacing ??= replace().catch(() => {})
    } else if (frame.type === "failure" && frame.data.id === null) fail(fromWire(frame.data))
    else if ("id" in frame.data) {
      const id = frame.data.id as number
      giveUpAtMs = 0
      if (pending.get(id)?.take(frame)) pending.delete(id)
    }
  }

  const resume = async () => {
    while (waiting()) {
      await new Promise((done) => setTimeout(done, retryEveryMs))
      try {
        return say(await connected())
      } catch (error) {
        connection = undefined
        if (Date.now() > giveUpAtMs || (error as ClientError).tag !== "DaemonUnreachable") fail(error as Error)
      }
    }
  }

  const dropped = () => {
    connection = undefined
    for (const [id, { method, reject }] of pending) {
      if (method !== "daemon.stop") continue
      pending.delete(id)
      reject(rare().explainDrop())
    }
    if (!waiting()) return
    giveUpAtMs ||= Date.now() + reconnectMs
    if (Date.now() > giveUpAtMs) fail(rare().explainDrop())
    else void resume()
  }

  const open = async (): Promise<Socket> => {
    const socket = await dial(home, spawn, rare)
    let rest = ""
    const silence = setTimeout(() => fail(rare().explainHang(home)), silenceMaxMs)
    socket.setEncoding("utf8")
    socket.on("data", (chunk: string) => {
      clearTimeout(silence)
      const lines = (rest + chunk).split("\n")
      rest = lines.pop()!
      try {
        for (const line of lines) if (line !== "") take(JSON.parse(line) as ServerFrame)
      } catch (cause) {
        fail(cause as Error)
      }
    })
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(silence)
      dropped()
    })
    unsaid = encode("hello", { protocol, version })
    onSocket?.(socket)
    return socket
  }

  const connected = () => {
    connection ??= open()
    return connection
  }

  const call: Session["call"] = async (method, params = {}, handlers = {}, requestId) => {
    const changes = Object.hasOwn(mutating, method)
    const who = changes ? { requestId: requestId ?? ulid(), ...(caller ? { caller: caller() } : {}) } : {}
    let socket = await connected()
    if (changes) {
      say(socket)
      greeting++
      await greeted.promise.finally(() => greeting--)
      await replacing
      socket = await connected()
    }
    return ask(socket, { id: ++ids, method, params: { ...params }, ...who }, handlers) as ReturnType<typeof call<never>>
  }

  const ended = async () => {
    over = true
    const socket = await connection
    if (socket !== undefined) await closed(socket)
  }

  return { call, close, ended }
}
