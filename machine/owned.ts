/** What lies below `nodes/`, by what each folder says of itself. */
import { readdir } from "node:fs/promises"
import { buildPrefix, type Places, readIdentity, whyStopped } from "./folder.ts"
import type { Holdings, Owned } from "./shapes.ts"

/** A folder that does not say whose it is may be a node that runs: it is named. */
export const ownedBy = async (at: Places, log: string | null): Promise<Holdings> => {
  const names = (await readdir(at.nodes)).filter((name) => !name.startsWith(buildPrefix)).sort()
  const found = names.map(async (name): Promise<Owned | string | null> => {
    const unclear = `nodes/${name} cannot be read`
    const identity = await readIdentity(at.node(name)).catch(() => unclear)
    if (typeof identity === "string" || identity === null) return identity
    if (log !== null && identity.log !== log) return null
    const { cluster, clusterName, node, rank, region } = identity
    const tags = { log: identity.log, cluster, clusterName }
    const state = (await whyStopped(at.node(name))) === null ? "running" : "stopped"
    return { tags, rank, node, region, state }
  })
  const all = await Promise.all(found)
  return {
    owned: all.filter((one) => one !== null && typeof one === "object"),
    unclear: all.filter((one) => typeof one === "string")
  }
}
