/** How a node's folder goes away: renamed into `trash/`, then removed. A crash in between leaves trash, swept later. */
import { chmod, readdir, rename, rm, stat, unlink } from "node:fs/promises"
import { join } from "node:path"
import { nodeFiles, workdirName } from "../sdk/agent/node-folder.ts"
import { takeOut, takeOutMade } from "./authorized-keys.ts"
import { stayAway } from "./comes-back.ts"
import { ignoreMissing } from "./errno.ts"
import { buildPrefix, exists, readIdentity, syncNodes } from "./folder.ts"
import { giveBackLease, holdsLease, isFree } from "./lease.ts"
import { transient } from "./MachineError.ts"
import type { Places } from "./places.ts"

/** Read-only folders (Go's module cache is full of them) keep what they hold: the owner's bits are set first. */
const unlockFolders = async (folder: string): Promise<void> => {
  await chmod(folder, 0o700)
  const inside = await readdir(folder, { withFileTypes: true })
  for (const entry of inside) if (entry.isDirectory()) await unlockFolders(join(folder, entry.name))
}

const remove = async (path: string): Promise<void> => {
  const options = { recursive: true, force: true, maxRetries: 3 }
  try {
    await rm(path, options).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EACCES" && error.code !== "EPERM") throw error
      await unlockFolders(path).catch(ignoreMissing)
      await rm(path, options)
    })
  } catch (error) {
    const why = (error as Error).message
    throw transient("NotRemoved", `Nothing of the node runs, but its files cannot all be removed: ${why}. Remove ${path} by hand.`)
  }
}

/** While the node still has the lease: a later one finds no workdir of another's, and keeps its own. */
const discardWorkdir = async (at: Places, node: string) => {
  const identity = await readIdentity(at.node(node)).catch(() => null)
  if (!identity?.home || !identity.ownsWorkdir) return
  const workdir = join(identity.home, workdirName)
  await rename(workdir, at.trashedWorkdir(node)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") return remove(workdir)
  })
}

/** Of a machine that it has alone: nothing of it runs any more, and others may have the machine. */
export const letGo = async (at: Places, node: string): Promise<void> => {
  if (!(await holdsLease(at, node))) return
  await discardWorkdir(at, node)
  await ((await exists(join(at.node(node), nodeFiles.madeKeys))) ? takeOutMade : takeOut)(node)
  await stayAway(at)
  await giveBackLease(at, node)
}

/** After the rename the node is missing, whatever happens. A claim of it that is being made meanwhile sees that its lease is gone. */
export const discard = async (at: Places, node: string): Promise<void> => {
  await letGo(at, node)
  // A node that ended itself has not the login's programs where the machine's start began it.
  if (await isFree(at)) await stayAway(at)
  await unlink(at.socket(node)).catch(ignoreMissing)
  await rename(at.node(node), at.trashed(node)).then(() => syncNodes(at), ignoreMissing)
  for (const path of [at.trashed(node), at.trashedWorkdir(node)]) await remove(path)
}

/** Whether it is there for so long. */
const isOlder = (path: string, ms: number) =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs >= ms,
    () => false
  )

/** What was left: folders in the trash, and folders of nodes that were not finished for so long. */
export const remains = async (at: Places, unfinishedForMs: number): Promise<ReadonlyArray<string>> => {
  const trashed = (await readdir(at.trash)).map((name) => join(at.trash, name))
  const begun = (await readdir(at.nodes)).filter((name) => name.startsWith(buildPrefix)).map((name) => join(at.nodes, name))
  const isLeft = await Promise.all(begun.map((path) => isOlder(path, unfinishedForMs)))
  return [...trashed, ...begun.filter((_, index) => isLeft[index])]
}

/** One that cannot be removed keeps none of the others. */
export const sweep = async (paths: ReadonlyArray<string>): Promise<void> => {
  const failed = (await Promise.allSettled(paths.map(remove))).find(({ status }) => status === "rejected")
  if (failed?.status === "rejected") throw failed.reason
}
