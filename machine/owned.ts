/** What lies below `nodes/`, by what each folder says of itself. */
import { readdir } from "node:fs/promises"
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"
import { buildPrefix, readIdentity, whyStopped } from "./folder.ts"
import { readLeases } from "./lease.ts"
import type { Places } from "./places.ts"
import type { Holdings, Owned } from "./shapes.ts"

const ownedOf = ({ log, cluster, clusterName, rank, node, region }: NodeIdentity, state: Owned["state"]): Owned => ({
  tags: { log, cluster, clusterName },
  rank,
  node,
  region,
  state
})

/** A crash came between the lease and the folder. */
const claimedOnly = async (at: Places, log: string | null, names: ReadonlyArray<string>): Promise<ReadonlyArray<Owned | string>> => {
  const leases = await readLeases(at).catch(() => null)
  if (leases === null) return ["lease/ cannot be read"]
  const bare = leases.filter((identity) => !names.includes(identity.node) && (log === null || identity.log === log))
  return bare.map((identity) => ownedOf(identity, "stopped"))
}

/** A folder that does not say whose it is may be a node that runs: it is named. */
export const ownedBy = async (at: Places, log: string | null): Promise<Holdings> => {
  const names = (await readdir(at.nodes)).filter((name) => !name.startsWith(buildPrefix)).sort()
  const found = names.map(async (name): Promise<Owned | string | null> => {
    const unclear = `nodes/${name} cannot be read`
    const identity = await readIdentity(at.node(name)).catch(() => unclear)
    if (typeof identity === "string" || identity === null) return identity
    if (log !== null && identity.log !== log) return null
    return ownedOf(identity, (await whyStopped(at.node(name), identity)) === null ? "running" : "stopped")
  })
  const all = [...(await Promise.all(found)), ...(await claimedOnly(at, log, names))]
  return {
    owned: all.filter((one) => one !== null && typeof one === "object"),
    unclear: all.filter((one) => typeof one === "string")
  }
}
