/**
 * Where the daemon of this user lives. The socket's path follows from the state folder alone, never from XDG_RUNTIME_DIR,
 * which differs between shells. Everything is checked before anything is made.
 */
import { statSync } from "node:fs"
import { isAbsolute, resolve } from "node:path"

/** What sun_path holds, without its final NUL. */
const socketPathMaxBytes = process.platform === "darwin" ? 103 : 107

export interface Home {
  readonly folder: string
  readonly socket: string
}

/** Loads the rest of the client, for what seldom happens. */
export type Rare = () => typeof import("./rare.ts")

/** Absolute, whatever the environment holds: the daemon works in another folder. */
const stateFolder = (rare: Rare, env: NodeJS.ProcessEnv): string => {
  if (env.SKYD_HOME) return resolve(env.SKYD_HOME)
  if (env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME)) return resolve(env.XDG_STATE_HOME, "skyd")
  return resolve(env.HOME || rare().accountHome(), ".local/state/skyd")
}

export const findHome = (rare: Rare, env: NodeJS.ProcessEnv = process.env): Home => {
  const folder = stateFolder(rare, env)
  // The agents' sockets have the longest names in run/.
  if (Buffer.byteLength(folder) + 18 > socketPathMaxBytes) throw rare().explainSocket(folder, socketPathMaxBytes)
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found && (!found.isDirectory() || found.uid !== process.getuid?.())) throw rare().explainFolder(folder, found)
  return { folder, socket: resolve(folder, "run/sock") }
}
