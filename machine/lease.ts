/**
 * On a machine that is had alone a node's claim is its lease: a folder `lease` with a file in it that is called as the node and says whose
 * it is. It is renamed into its place, which fails while another is there; and only the node's own file can be taken out again.
 */
import { link, mkdir, readdir, readFile, rename, rm, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { type NodeIdentity, nodeFiles } from "../sdk/agent/node-folder.ts"
import { codeOf, ignoreMissing } from "./errno.ts"
import { sync } from "./folder.ts"
import { refused, transient } from "./MachineError.ts"
import type { Places } from "./places.ts"

/** Names of nodes: one, or none. */
const holders = (at: Places): Promise<ReadonlyArray<string>> =>
  readdir(at.lease).catch((error) => {
    ignoreMissing(error)
    return []
  })

export const readLeases = async (at: Places): Promise<ReadonlyArray<NodeIdentity>> => {
  const found = await holders(at)
  return Promise.all(found.map(async (node) => JSON.parse(await readFile(join(at.lease, node), "utf8")) as NodeIdentity))
}

export const holdsLease = async (at: Places, node: string): Promise<boolean> => (await holders(at)).includes(node)

export const isFree = async (at: Places): Promise<boolean> => (await holders(at)).length === 0

const mustBeOurs = async (at: Places, { node }: NodeIdentity) => {
  const holder = (await holders(at))[0]
  if (holder === node) return
  const [lease] = await readLeases(at).catch(() => [])
  if (holder === undefined) throw transient("LeaseMoved", "The machine was given back in this moment.")
  const who = lease ? `cluster '${lease.clusterName}' (${lease.cluster} of log ${lease.log})` : `node ${holder}`
  throw refused("Taken", `The machine is taken by ${who}: it is free once that cluster is down.`)
}

/** `temp` holds the node's identity, and becomes its folder after this. Taken again by the same node, it is the same lease. */
export const takeLease = async (at: Places, temp: string, identity: NodeIdentity): Promise<void> => {
  const own = join(temp, basename(at.lease))
  await mkdir(own, { mode: 0o700 })
  await link(join(temp, nodeFiles.identity), join(own, identity.node))
  try {
    await rename(own, at.lease)
    await sync(dirname(at.lease))
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error
    await rm(own, { recursive: true })
    await mustBeOurs(at, identity)
  }
}

/** Nothing of the node may run any more. */
export const giveBackLease = (at: Places, node: string): Promise<void> => unlink(join(at.lease, node)).catch(ignoreMissing)
