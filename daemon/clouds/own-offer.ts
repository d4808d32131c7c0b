/** A machine that is the user's own, as an offer: it has no type and costs nothing. */
import type { Offer } from "../../events/values.ts"
import type { Hardware } from "../../task/fit-machine.ts"

/** What a cluster on it is told to have. */
export const ownOffer = (cloud: string, region: string | null, { accelerators: has, cpus, memoryGib }: Hardware): Offer => {
  const accelerators = has && { name: has.name, count: has.count }
  const free = { useSpot: false, usdPerHour: 0, catalog: null }
  return { cloud, region, zone: null, instanceType: null, cpus, memoryGib, accelerators, ...free }
}
