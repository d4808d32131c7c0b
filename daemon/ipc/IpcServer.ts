/**
 * The door: node-ipc on a Unix socket, JSON lines. The folder around the socket is the guard (0700, ours): Node has no peer
 * credentials. Whoever holds LevelDB's lock also listens here, so a stale socket may be unlinked.
 */

import type { Socket } from "node:net"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { IPCModule } from "node-ipc"
import { BadFrame, recordError } from "../../sdk/protocol/errors.ts"
import { Detach, frameMaxBytes, Hello, protocol, Request } from "../../sdk/protocol/Wire.ts"
import { decoder } from "../decode.ts"
import { Identity } from "../Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import { Requests } from "../Requests.ts"
import { Connection } from "./Connection.ts"
import { FrameParser, type Incoming } from "./FrameParser.ts"

const connectionsMax = 1024
/** How long a frame may stay half sent. */
const halfFrameMaxMs = 30_000

export const capabilities = ["progress", "pages", "follow", "detach", "describe"] as const

/** When the socket cannot be listened on. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", { message: Schema.String }) {}

const decodeRequest = decoder(Request, "request")
const decodeDetach = decoder(Detach, "detach")
const decodeHello = decoder(Hello, "hello")

const badFrame = (id: string | number | null, message: string) => ({
  type: "failure" as const,
  data: { id, error: recordError(new BadFrame({ message, hint: "One JSON object per line: docs/protocol.md" })) }
})

const idOf = (data: unknown): string | number | null => {
  const id = (data as { readonly id?: unknown } | null | undefined)?.id
  return typeof id === "string" || typeof id === "number" ? id : null
}

type IpcSocket = Socket & { ipcBuffer?: string }

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
      maxMessageSize: frameMaxBytes,
      messageTimeout: 0,
      maxConnections: connectionsMax,
      socketRoot: `${dirname(identity.socket)}/`
    })
    const connections = new Map<Socket, Connection>()

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
          onFailure: (error) => connection.push({ type: "failure", data: { id: idOf(data), error: recordError(error) } }),
          onSuccess: (asked) => {
            const { id } = asked
            if (connection.isBusy(id)) return connection.push(badFrame(id, `a request with the id ${JSON.stringify(id)} is still running`))
            if (connection.isCrowded) return connection.push(badFrame(id, "too many requests run on this connection"))
            connection.start(id, () => fork(requests.handle(asked, connection)))
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
            onFailure: (error) => connection.push({ type: "failure", data: { id: idOf(data), error: recordError(error) } }),
            onSuccess: ({ id }) => connection.detach(id)
          })
        case "ping":
          return Effect.sync(() => connection.push({ type: "ping", data: {} }))
        default:
          return Effect.sync(() => connection.push(badFrame(idOf(data), `there is no frame type '${type.slice(0, 64)}'`)))
      }
    }

    const accept = (socket: IpcSocket) => {
      const connection = new Connection(socket, (type, data) => ipc.server.emit(socket, type, data))
      connections.set(socket, connection)
      socket.allowHalfOpen = true
      let timer: NodeJS.Timeout | undefined
      socket.on("data", () => {
        clearTimeout(timer)
        if (socket.ipcBuffer) timer = setTimeout(() => refuse(connection, null, "a frame was not finished in time"), halfFrameMaxMs).unref()
      })
      socket.on("end", () => (socket.ipcBuffer ? refuse(connection, null, "the last frame has no end of line") : connection.clientEnded()))
      socket.on("close", () => {
        clearTimeout(timer)
        connections.delete(socket)
        connection.closed()
      })
    }

    yield* Effect.acquireRelease(
      Effect.callback<void, ListenError>((resume) => {
        ipc.serve(identity.socket, () => resume(Effect.void))
        const on = (type: string, listener: (...args: never) => void) =>
          ipc.server.on(type, listener as (...args: ReadonlyArray<never>) => void)
        on("connect", accept as never)
        on("error", ((cause: Error) =>
          resume(Effect.fail(new ListenError({ message: `Cannot listen on ${identity.socket}: ${cause.message}` })))) as never)
        on("frame", ((data: Incoming, socket: Socket) => {
          const connection = connections.get(socket)
          if (connection?.isOpen) Effect.runFork(frame(data, connection))
        }) as never)
        on("invalid", ((message: string, socket: Socket) => {
          const connection = connections.get(socket)
          if (connection !== undefined) refuse(connection, null, message)
        }) as never)
        ipc.server.start()
      }),
      () => Effect.sync(() => ipc.server.stop())
    )
  })
)
