/**
 * The folder that is a node: where it lies, how it is made, and what its files say. It is built beside its place and renamed
 * into it, so half a folder is never a node. Everything that must outlive a power failure is fsynced before it is relied on.
 */
import { randomBytes } from "node:crypto"
import { constants } from "node:fs"
import { lstat, mkdir, open, readFile, rename, rm, stat, unlink } from "node:fs/promises"
import { join } from "node:path"
import { type Ended, type NodeIdentity, nodeFiles, workdirName } from "../sdk/agent/node-folder.ts"
import { refused } from "./MachineError.ts"
import type { Places } from "./places.ts"
import type { NodeRef } from "./shapes.ts"

/** Temp folders of nodes being built start so; what a crash left of them is swept later. */
export const buildPrefix = ".new-"

/** A pipe in its place has nothing to say, and nobody waits for it. */
const flag = constants.O_RDONLY | constants.O_NONBLOCK

/** What a file holds, or null when there is no such file. */
export const readOrNull = (path: string): Promise<string | null> =>
  readFile(path, { encoding: "utf8", flag }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null
    throw error
  })

/** Also what leads nowhere is there. */
export const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false
  )

/** The kernel's boot id. SKYD_LOCAL_BOOT_ID stands in for it where a test restarts "the machine". */
const bootId = async (): Promise<string> =>
  process.env.SKYD_LOCAL_BOOT_ID ?? (await readOrNull("/proc/sys/kernel/random/boot_id"))?.trim() ?? "unknown"

/** Which folder it is, wherever it is moved to and however it is named; a copy is another. */
const whichFolder = async (folder: string): Promise<string> => {
  const { dev, ino } = await stat(folder, { bigint: true })
  return `${dev}:${ino}`
}

/** What runs there belongs to this boot of the machine, and to this folder. */
const bootMark = async (folder: string) => `${await bootId()} ${await whichFolder(folder)}\n`

export const sync = async (path: string) => {
  const handle = await open(path, "r")
  await handle.sync().finally(() => handle.close())
}

const writeSynced = async (path: string, text: string) => {
  const handle = await open(path, "w", 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const identityText = (identity: NodeIdentity) => `${JSON.stringify(identity, null, 2)}\n`

/**
 * A provisioned node is one that runs: it is made with its `boot` file. `beforeItIs` is given the folder that is renamed into its place.
 */
export const buildFolder = async (
  at: Places,
  identity: NodeIdentity,
  beforeItIs: (temp: string) => Promise<void> = async () => {}
): Promise<void> => {
  const temp = join(at.nodes, `${buildPrefix}${identity.node}-${randomBytes(4).toString("hex")}`)
  try {
    await mkdir(temp, { mode: 0o700 })
    await mkdir(join(temp, "agent"), { mode: 0o700 })
    if (identity.home === undefined) await mkdir(join(temp, nodeFiles.home, workdirName), { recursive: true, mode: 0o755 })
    await writeSynced(join(temp, nodeFiles.boot), await bootMark(temp))
    await writeSynced(join(temp, nodeFiles.identity), identityText(identity))
    await sync(temp)
    await beforeItIs(temp)
    await rename(temp, at.node(identity.node))
  } catch (error) {
    await rm(temp, { recursive: true, force: true })
    throw error
  }
}

export const syncNodes = (at: Places) => sync(at.nodes)

/** What it says of itself has changed. */
export const writeIdentity = async (folder: string, identity: NodeIdentity): Promise<void> => {
  const temp = join(folder, `${nodeFiles.identity}.${process.pid}`)
  await writeSynced(temp, identityText(identity))
  await rename(temp, join(folder, nodeFiles.identity))
}

/** Whose folder it is; null when there is none. One without a readable `node.json` is nobody's, and is not touched. */
export const readIdentity = async (folder: string): Promise<NodeIdentity | null> => {
  const text = await readOrNull(join(folder, nodeFiles.identity))
  if (text === null) {
    if (await exists(folder)) throw refused("Damaged", `${folder} has no ${nodeFiles.identity}: it is left alone; remove it by hand.`)
    return null
  }
  try {
    return JSON.parse(text) as NodeIdentity
  } catch {
    throw refused("Damaged", `${join(folder, nodeFiles.identity)} cannot be read as JSON: the folder is left alone; remove it by hand.`)
  }
}

/** The identity of a node that is the asker's own. A folder of another log or cluster is refused, whoever names it. */
export const ownIdentity = async (folder: string, { tags, node }: NodeRef): Promise<NodeIdentity | null> => {
  const identity = await readIdentity(folder)
  if (identity === null || (identity.log === tags.log && identity.cluster === tags.cluster && identity.node === node)) return identity
  throw refused(
    "NotOurs",
    `Node ${node} belongs to cluster ${identity.cluster} of log ${identity.log}, not to ${tags.cluster} of ${tags.log}: nothing was done to it.`
  )
}

/** One that is there. */
export const mustFind = async (at: Places, ref: NodeRef): Promise<{ readonly folder: string; readonly identity: NodeIdentity }> => {
  const folder = at.node(ref.node)
  const identity = await ownIdentity(folder, ref)
  if (identity) return { folder, identity }
  throw refused("Missing", `Node ${ref.node} does not exist: its folder ${folder} is gone.`)
}

export const readEnded = async (folder: string): Promise<Ended | null> => {
  const text = await readOrNull(join(folder, nodeFiles.ended))
  if (text === null) return null
  try {
    return JSON.parse(text) as Ended
  } catch {
    return { how: "Stopped", by: "request", atMs: 0 }
  }
}

const bootOf = async (folder: string) => (await readOrNull(join(folder, nodeFiles.boot)))?.trim().split(" ") ?? []

/** The machine has started since the node did. */
export const isOfAnotherBoot = async (folder: string): Promise<boolean> => (await bootOf(folder))[0] !== (await bootId())

/** Why the node is not running, or null when it is. An agent that is gone is no reason: the machine is still there. */
export const whyStopped = async (
  folder: string,
  { survivesReboot }: NodeIdentity
): Promise<{ readonly reason: string; readonly down: boolean } | null> => {
  const ended = await readEnded(folder)
  if (ended) return { reason: ended.by === "autostop" ? "stopped by autostop" : "stopped", down: ended.how === "Down" }
  const [boot, started] = await bootOf(folder)
  const isRestarted = boot !== (await bootId())
  if (isRestarted && survivesReboot) return null
  if (isRestarted) return { reason: "the machine was restarted", down: false }
  // An earlier version did not write which folder it is.
  if (started === undefined || started === (await whichFolder(folder))) return null
  return { reason: "its folder was copied, or mounted anew, since it was started", down: false }
}

/** The new `boot` comes first: a crash in between leaves the node stopped, or started, never something else. */
export const markStarted = async (folder: string): Promise<void> => {
  const temp = join(folder, `${nodeFiles.boot}.new`)
  await writeSynced(temp, await bootMark(folder))
  await rename(temp, join(folder, nodeFiles.boot))
  await unlink(join(folder, nodeFiles.ended)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error
  })
  await sync(folder)
}
