/** What a session seldom needs. Kept apart so that a client may load it on demand: the `rare` of its options. */

import { readFileSync } from "node:fs"
import { version } from "../protocol/build.ts"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { ServerFrame } from "../protocol/Wire.ts"
import { ClientError } from "./ClientError.ts"
import { isNobody } from "./dial.ts"
import type { Home } from "./home.ts"

export { explainFolder, explainSocket } from "./home-problems.ts"
export { startDaemon } from "./spawn.ts"

type Hello = Extract<ServerFrame, { type: "hello" }>["data"]

/** The daemon speaks no protocol of ours. */
export const explainMismatch = (theirs: Hello, newer: boolean): ClientError =>
  new ClientError(
    "DaemonUnreachable",
    exitCodes.unreachable,
    `The running daemon (${theirs.version}, pid ${theirs.pid}) is ${newer ? "newer" : "older"} than this client (${version}) and speaks another protocol.`,
    newer ? "Use the newer client." : "End it, then ask again: sky daemon stop"
  )

/** It accepts and does not answer: stopped by a signal, or in trouble. */
export const explainHang = ({ folder }: Home): ClientError => {
  const pid = readFileSync(`${folder}/run/pid`, "utf8").trim()
  return new ClientError(
    "DaemonUnreachable",
    exitCodes.unreachable,
    `The daemon (pid ${pid}) does not answer.`,
    `Jobs go on without it. If it stays so: kill -9 ${pid}, then ask again`
  )
}

export const explainDial = (home: Home, error: Error, spawn: boolean): ClientError => {
  const unreachable = (message: string, hint: string) => new ClientError("DaemonUnreachable", exitCodes.unreachable, message, hint)
  if (!isNobody(error)) return unreachable(`The daemon cannot be reached at ${home.socket}: ${error.message}`, "Try: sky daemon restart")
  if (!spawn) return unreachable("The daemon is not running.", "Start it: sky daemon start")
  return unreachable(`Nobody answers at ${home.socket}.`, "See why: sky daemon logs")
}
