/** What a session seldom needs. Kept apart so that a client may load it on demand: the `rare` of its options. */

import { readFileSync } from "node:fs"
import { version } from "../protocol/build.ts"
import type { ServerFrame } from "../protocol/Wire.ts"
import type { ClientError } from "./ClientError.ts"
import { isNobody } from "./dial.ts"
import type { Home } from "./home.ts"
import { startDaemon, unreachable } from "./spawn.ts"

export { accountHome, explainFolder, explainSocket } from "./home-problems.ts"
export { startDaemon }

type Hello = Extract<ServerFrame, { type: "hello" }>["data"]

/** The daemon speaks no protocol of ours. */
export const explainMismatch = (theirs: Hello, newer: boolean): ClientError =>
  unreachable(
    `The running daemon (${theirs.version}, pid ${theirs.pid}) is ${newer ? "newer" : "older"} than this client (${version}) and speaks another protocol.`,
    newer ? "Use the newer client." : "End it, then ask again: sky daemon stop"
  )

export const explainDrop = (): ClientError => unreachable("The daemon went away.")

/** It accepts and does not answer: stopped by a signal, or in trouble. */
export const explainHang = ({ folder }: Home): ClientError => {
  const said = (who: string, way: string) => unreachable(`The daemon${who} does not answer.`, `Jobs go on without it. ${way}`)
  try {
    const pid = readFileSync(`${folder}/run/pid`, "utf8").trim()
    return said(` (pid ${pid})`, `If it stays so: kill -9 ${pid}, then ask again`)
  } catch {
    return said("", "See what it does: sky daemon logs")
  }
}

export const explainDial = (home: Home, error: Error, spawn: boolean): ClientError => {
  if (!isNobody(error)) return unreachable(`The daemon cannot be reached at ${home.socket}: ${error.message}`, "Try: sky daemon restart")
  if (!spawn) return unreachable("The daemon is not running.", "Start it: sky daemon start")
  return unreachable(`Nobody answers at ${home.socket}.`, "See why: sky daemon logs")
}
