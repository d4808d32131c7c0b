/** What a session seldom needs. Kept apart so that a client may load it on demand: the `rare` of its options. */

import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { logHolder, unanswered } from "../log-holder.ts"
import { version } from "../protocol/build.ts"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { ServerFrame } from "../protocol/Wire.ts"
import { ClientError } from "./ClientError.ts"
import type { Home } from "./home.ts"
import { startDaemon, unreachable } from "./spawn.ts"

export { accountHome, explainFolder, explainSocket } from "./home-problems.ts"

/** Tries after a start: the daemon that answered may be on its way out already. */
const triesAfterStart = 3
/** Who holds the log may be about to listen, to listen again, or to end. */
const lookMs = 100
const looksMax = 100

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

/** A daemon that dies as it is connected to resets the connection. */
const isNobody = (error: unknown) =>
  ["ENOENT", "ENOTDIR", "ECONNREFUSED", "ECONNRESET"].includes((error as NodeJS.ErrnoException).code ?? "")

/** Before the next try. Throws where it would be of no use. */
export const whenRefused = async ({ folder, socket }: Home, error: Error, spawn: boolean, tries: number): Promise<void> => {
  if (!isNobody(error)) throw unreachable(`The daemon cannot be reached at ${socket}: ${error.message}`, "Try: sky daemon restart")
  if (spawn) {
    if (tries > triesAfterStart) throw unreachable(`Nobody answers at ${socket}.`, "See why: sky daemon logs")
    return startDaemon({ folder, socket })
  }
  const holder = logHolder(folder)
  if (holder === undefined) throw unreachable("The daemon is not running.", "Start it: sky daemon start")
  if (tries >= looksMax) {
    const { hint, message } = unanswered(folder, holder)
    throw new ClientError("RequestConflict", exitCodes.conflict, message, hint)
  }
  await sleep(lookMs)
}
