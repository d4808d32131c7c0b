/**
 * Whether a machine that is there anyway fits a need. An amount is met by having at least that much: `cpus: 4` asks for a machine with 4 CPUs to
 * rent, but fits one with 16 that costs nothing.
 */
import type { Offer } from "../../events/values.ts"
import { gives } from "../../task/accelerators.ts"
import { leastOf } from "../../task/amounts.ts"
import { type Feature, requiredFeatures } from "../../task/fit.ts"
import type { Need } from "../../task/Need.ts"

export type Hardware = Pick<Offer, "cpus" | "memoryGib" | "accelerators">

/** A machine that is there anyway, as what a cluster on it is told to have. */
export const ownOffer = (cloud: string, region: string | null, { accelerators: has, cpus, memoryGib }: Hardware): Offer => {
  const accelerators = has && { name: has.name, count: has.count }
  const free = { useSpot: false, usdPerHour: 0, catalog: null }
  return { cloud, region, zone: null, instanceType: null, cpus, memoryGib, accelerators, ...free }
}

/** What only a cloud of machines for rent has. */
const foreign: { readonly [F in Feature]?: string } = { SPOT_INSTANCE: "spot instances", IMAGE_ID: "images", DOCKER_IMAGE: "images" }
export const foreignOf = (need: Need): string | undefined =>
  requiredFeatures(need)
    .map((feature) => foreign[feature])
    .find((what) => what !== undefined)

/** Why it does not, after "it has" or the like; null when it fits. */
export const lessThan = ({ accelerators: have, cpus: cores, memoryGib }: Hardware, { accelerators, cpus, memory }: Need): string | null => {
  if (cpus !== undefined && cores < leastOf(cpus, cores)) return `${cores} CPUs, ${cpus} were asked for`
  if (memory !== undefined && memoryGib < leastOf(memory, cores)) return `${memoryGib} GiB of memory, ${memory} were asked for`
  const missing = Object.entries(accelerators ?? {}).find(([name, count]) => !gives(have, { name, count }))
  return missing === undefined
    ? null
    : `${have ? `${have.name}:${have.count}` : "no accelerators"}, ${missing[0]}:${missing[1]} was asked for`
}
