/** What lies where on a machine, also for scripts, whose base is a variable. */
import { createHash } from "node:crypto"
import { join } from "node:path"

/** All of ours lies there, below the user's home; on local the state folder is in its place. */
export const baseName = ".skyd-node"

/** Eight characters, because the path of a socket has at most 107 bytes. */
const socketName = (node: string) => `${createHash("sha256").update(node).digest("hex").slice(0, 8)}.sock`
/** As its agent has it, from the node's folder on: an agent in a copy of the folder never listens in the place of the first. */
export const socketFrom = (node: string) => join("..", "..", "run", socketName(node))

/** Where things lie below the folder of all of ours: on local the state folder. */
export const places = (base: string) => ({
  base,
  nodes: join(base, "nodes"),
  run: join(base, "run"),
  trash: join(base, "trash"),
  lease: join(base, "lease"),
  /** How its agent comes back after a restart of the machine. */
  comesBack: join(base, "comes-back.json"),
  /** Programs that were brought: agents by their digest, Nodes by their version. */
  agents: join(base, "agent"),
  programs: join(base, "node"),
  agent: (digest: string) => join(base, "agent", `${digest}.cjs`),
  program: (version: string) => join(base, "node", version, "bin/node"),
  node: (node: string) => join(base, "nodes", node),
  trashed: (node: string) => join(base, "trash", node),
  trashedWorkdir: (node: string) => join(base, "trash", `${node}.workdir`),
  socket: (node: string) => join(base, "run", socketName(node))
})
export type Places = ReturnType<typeof places>

const socketPathMaxBytes = process.platform === "darwin" ? 103 : 107

/** Why nobody could listen there, as the beginning of a sentence; null when somebody can. */
export const whyTooLong = (at: Places): string | null => {
  const path = at.socket("")
  return Buffer.byteLength(path) > socketPathMaxBytes ? `${path} is too long for a socket (${socketPathMaxBytes} bytes)` : null
}
