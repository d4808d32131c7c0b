/**
 * The door: node-ipc on a Unix socket, JSON lines. The folder around the socket is the guard (0700, ours): Node has no peer
 * credentials. Whoever holds LevelDB's lock also listens here, so a stale socket may be unlinked.
 */

import type { Socket } from "node:net"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import { IPCModule } from "node-ipc"
import { BadFrame, recordError } from "../../sdk/protocol/errors.ts"
import { commands } from "../../sdk/protocol/methods.ts"
import { Detach, type Failure, Hello, protocol, Request } from "../../sdk/protocol/Wire.ts"
import { Identity } from "../life/Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import { decoder } from "../requests/decode.ts"
import type { Reply } from "../requests/Reply.ts"
import { Requests } from "../requests/Requests.ts"
import { Connection, isStream, type Kind, pageMakers } from "./Connection.ts"
import { freshOf, keepOpen } from "./Door.ts"
import { FrameParser, type Incoming } from "./FrameParser.ts"
import { limits, tooMany, tooManyConnections } from "./limits.ts"

/** Connections that are told that they are too many; those beyond find the door shut. */
const refusedMax = 64

const capabilities = ["progress", "pages", "follow", "detach", "describe"] as const

const decodeRequest = decoder(Request, "request")
const decodeDetach = decoder(Detach, "detach")
const decodeHello = decoder(Hello, "hello")

type Id = Failure["id"]
const failure = (id: Id, error: Failure["error"]) => ({ type: "failure" as const, data: { id, error } })
const badFrame = (id: Id, message: string) =>
  failure(id, recordError(new BadFrame({ message, hint: "One JSON object per line: docs/protocol.md" })))

/** An id that a reply can carry; null for any other. */
const idOf = (data: unknown): Id => {
  const id = (data as { readonly id?: unknown } | null | undefined)?.id
  return (typeof id === "string" && id.length <= limits.idMaxChars) || (typeof id === "number" && Number.isFinite(id)) ? id : null
}

const kindOf = (method: string): Kind => {
  if (method.endsWith(".follow")) return "endless stream"
  if (method === "logs") return "stream"
  return Object.hasOwn(commands, method) ? "command" : "question"
}
/** They read as much of the log as there is. */
const isLong = (method: string) => method === "events" || method.startsWith("replay") || method.startsWith("audit.")

type IpcSocket = Socket & { ipcBuffer: string }

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const identity = yield* Identity
    const log = yield* EventLog
    const requests = yield* Requests
    const fork = yield* FiberSet.makeRuntime<never>()
    const ipc = new IPCModule()
    Object.assign(ipc.config, {
      silent: true,
      parser: FrameParser,
      delimiter: "\n",
      maxMessageSize: limits.frameMaxBytes,
      messageTimeout: 0,
      maxConnections: limits.connectionsMax + refusedMax,
      socketRoot: `${dirname(identity.socket)}/`
    })
    const connections = new Map<Socket, Connection>()
    const makers = pageMakers()
    let halfBytes = 0

    const hello = (connection: Connection) =>
      connection.push({
        type: "hello",
        data: {
          protocol,
          version: identity.version,
          build: identity.build,
          pid: identity.pid,
          log: log.world().clusters.log,
          capabilities: [...capabilities]
        }
      })

    const refuse = (connection: Connection, id: string | number | null, message: string) =>
      connection.refuse(() => connection.push(badFrame(id, message)))

    const request = (connection: Connection, data: unknown) =>
      decodeRequest(data).pipe(
        Effect.match({
          onFailure: (error) => connection.push(failure(idOf(data), recordError(error))),
          onSuccess: (asked) => {
            const { id, method } = asked
            if (idOf(asked) === null)
              return connection.push(badFrame(null, `an id is a finite number or at most ${limits.idMaxChars} characters`))
            if (connection.isBusy(id)) return connection.push(badFrame(id, `a request with the id ${JSON.stringify(id)} is still running`))
            const kind = kindOf(method)
            const excess = tooMany(connection, connections.values(), isStream(kind))
            if (excess !== undefined) return connection.push(failure(id, excess))
            const work = (reply: Reply) => requests.handle(asked, reply)
            const paced = isLong(method) ? connection.inPages(work) : connection.inTurn(work)
            connection.start(id, kind, () => fork(kind === "question" ? paced : work(connection)))
          }
        })
      )

    const frame = ({ data, type }: Incoming, connection: Connection) => {
      switch (type) {
        case "hello":
          return Effect.match(decodeHello(data ?? {}), {
            onFailure: (error) => refuse(connection, null, error.message),
            onSuccess: () => hello(connection)
          })
        case "request":
          return request(connection, data)
        case "detach":
          return Effect.match(decodeDetach(data), {
            onFailure: (error) => connection.push(failure(idOf(data), recordError(error))),
            onSuccess: ({ id }) => connection.detach(id)
          })
        case "ping":
          return Effect.sync(() => connection.push({ type: "ping", data: {} }))
        default:
          return Effect.sync(() => connection.push(badFrame(idOf(data), `there is no frame type '${type.slice(0, 64)}'`)))
      }
    }

    const accept = (socket: IpcSocket) => {
      const connection = new Connection(socket, (type, data) => ipc.server.emit(socket, type, data), makers)
      socket.allowHalfOpen = true
      if (connections.size >= limits.connectionsMax) return connection.refuse(() => connection.push(failure(null, tooManyConnections)))
      connections.set(socket, connection)
      let timer: NodeJS.Timeout | undefined
      let held = 0
      const hold = (bytes: number) => {
        halfBytes += bytes - held
        held = bytes
      }
      socket.on("data", (text: string) => {
        if (!connection.isOpen) socket.ipcBuffer = ""
        hold(socket.ipcBuffer.length)
        connection.holdBack()
        // What follows an end of line is another frame, with time of its own; bytes that drip in win none.
        if (held === 0 || text.includes("\n")) timer = void clearTimeout(timer)
        if (held > 0)
          timer ??= setTimeout(() => refuse(connection, null, "a frame was not finished in time"), limits.halfFrameMaxMs).unref()
        if (halfBytes > limits.halfFramesMaxBytes) refuse(connection, null, `frames without an end hold ${limits.halfFramesMaxBytes} bytes`)
      })
      socket.on("end", () => (socket.ipcBuffer ? refuse(connection, null, "the last frame has no end of line") : connection.clientEnded()))
      socket.on("close", () => {
        clearTimeout(timer)
        hold(0)
        connections.delete(socket)
        connection.closed()
      })
    }

    ipc.serve(freshOf(identity.socket), () => {})
    const on = (type: string, listener: (...args: never) => void) =>
      ipc.server.on(type, listener as (...args: ReadonlyArray<never>) => void)
    on("connect", accept as never)
    on("frame", ((data: Incoming, socket: Socket) => {
      const connection = connections.get(socket)
      if (connection?.isOpen) Effect.runFork(frame(data, connection))
    }) as never)
    on("invalid", ((message: string, socket: Socket) => {
      const connection = connections.get(socket)
      if (connection !== undefined) refuse(connection, null, message)
    }) as never)
    yield* keepOpen(ipc)
  })
)
