/** What a look at machines means to others: as places, as the user's machines, and as what there is of ours. Pure. */
import type { NodeIdentity } from "../../../sdk/agent/node-folder.ts"
import type { CloudOffers } from "../../../task/Offers.ts"
import type { Owned } from "../Cloud.ts"
import type { OwnMachine } from "../OwnMachine.ts"
import { ownOffer } from "../own-offer.ts"
import { isFound, type Looked, leaseOf, whyTaken } from "./Looked.ts"

/** Its regions are pools, with names of the user's own. */
export const catalogOf = (names: () => ReadonlyArray<string>): CloudOffers => ({
  get regions() {
    return names()
  },
  zonesOf: () => [],
  regionOf: () => undefined,
  instanceType: () => undefined,
  acceleratorNames: [],
  imageTags: [],
  typeNames: [],
  imageGib: 0,
  usdPerHour: () => 0,
  places: ({ region }) =>
    names()
      .filter((pool) => region === undefined || pool === region)
      .map((pool) => ({ region: pool, zones: [] }))
})

export const viewOf = (looked: Looked): OwnMachine => {
  const { host, pool } = looked
  const reason = whyTaken(looked)
  const unknown = { cpus: null, memoryGib: null, accelerators: null, node: null, warnings: [] }
  if (!isFound(looked)) {
    const { advice, clusterName } = looked
    return { pool, host, status: "unreachable", clusterName, ...unknown, reason: advice === null ? reason : `${reason}. ${advice}` }
  }
  const { cpus, lease, memoryGib, nodeVersion: node, trouble, useless } = looked.reached.ground
  const clusterName = leaseOf(looked)?.clusterName ?? null
  const has = looked.reached.ground.accelerators
  const accelerators = has && { name: has.name, count: has.count }
  const isHad = lease !== null || reason !== null
  const status = isHad ? "leased" : useless === null ? "free" : "unusable"
  const warnings = [...(trouble === null ? [] : [trouble]), ...looked.reached.ground.warnings]
  return { pool, host, status, clusterName, reason: reason ?? useless, cpus, memoryGib, accelerators, node, warnings }
}

export const ownedOf = (looked: Looked, isOurs: (lease: NodeIdentity) => boolean): ReadonlyArray<Owned> => {
  const lease = leaseOf(looked)
  if (!isFound(looked) || lease === null || !isOurs(lease)) return []
  const { hostKey, ground } = looked.reached
  const { address, cluster, clusterName, log, node, rank } = lease
  const place = { region: looked.pool, zone: null, address, host: looked.host, hostKey, offer: ownOffer("ssh", looked.pool, lease) }
  return [{ tags: { log, cluster, clusterName }, rank, node, ...place, state: ground.isEnded ? "stopped" : "running" } as Owned]
}
