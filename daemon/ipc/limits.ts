/** What one client may have of the daemon, by name, and the answer to who asks for more. docs/protocol.md has the same table. */
import type { RecordedError } from "../../events/values.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { frameMaxBytes } from "../../sdk/protocol/Wire.ts"

export const limits = {
  connectionsMax: 1024,
  /** Requests of one connection that have no answer yet. */
  requestsMax: 1024,
  /** Requests of all connections. A connection always has its first few. */
  requestsAllMax: 16_384,
  /** Pages of the log that are made at once for all connections; the others wait for their turn. */
  pagesMax: 2,
  /** Streams of one connection: logs, and what is followed. */
  streamsMax: 64,
  /** Streams of all connections: each log is a connection to an agent. */
  streamsAllMax: 1024,
  /** Of a request's id: every reply carries it. */
  idMaxChars: 256,
  frameMaxBytes,
  /** How long a frame may take from its first byte to its end. */
  halfFrameMaxMs: 30_000,
  /** Of frames without an end, in all connections together. */
  halfFramesMaxBytes: 64 * 1024 * 1024,
  /** How long a client may go on writing when it was told that nothing more is read. */
  lingerMaxMs: 5000,
  /** What may wait for a slow reader before its sources are held back. node-ipc destroys a reader with 8 MiB. */
  pendingMaxBytes: 256 * 1024
} as const

/** What a connection may ask whatever the others do. */
const requestsAlways = 16

const exceeded = (limit: keyof typeof limits, message: string, hint: string): RecordedError => ({
  tag: "LimitExceeded",
  message: `${message} (${limit}).`,
  hint,
  exitCode: exitCodes.failed,
  fields: { limit, most: limits[limit] }
})

const { connectionsMax, requestsAllMax, requestsMax, streamsAllMax, streamsMax } = limits
const wait = "Wait for some of the answers first."
const leave = "Leave some of them first."
export const tooManyConnections = exceeded("connectionsMax", `All ${connectionsMax} connections are taken`, "Close some of them first.")
export const answerTooLong = exceeded("frameMaxBytes", `The answer is longer than a frame takes, ${frameMaxBytes} bytes`, "Ask for less.")
const tooManyRequests = exceeded("requestsMax", `${requestsMax} requests of this connection have no answer yet`, wait)
const tooManyInAll = exceeded("requestsAllMax", `${requestsAllMax} requests of all connections have no answer yet`, wait)
const tooManyStreams = exceeded("streamsMax", `${streamsMax} streams run on this connection`, leave)
const tooManyStreamsInAll = exceeded("streamsAllMax", `${streamsAllMax} streams run on all connections`, leave)

interface Load {
  readonly requests: number
  readonly streams: number
}

/** Why one more is too many, if it is. */
export const tooMany = (own: Load, all: Iterable<Load>, isStream: boolean): RecordedError | undefined => {
  if (own.requests < requestsAlways) return undefined
  if (own.requests >= requestsMax) return tooManyRequests
  if (isStream && own.streams >= streamsMax) return tooManyStreams
  let [requests, streams] = [0, 0]
  for (const load of all) {
    requests += load.requests
    streams += load.streams
  }
  if (requests >= requestsAllMax) return tooManyInAll
  return isStream && streams >= streamsAllMax ? tooManyStreamsInAll : undefined
}
