/**
 * Whether a machine that is there anyway fits a need. An amount is met by having at least that much: `cpus: 4` asks for a machine with 4
 * CPUs to rent, but fits one with 16 that costs nothing. Pure.
 */
import { type Accelerators, acceleratorText, gives } from "./accelerators.ts"
import { leastOf } from "./amounts.ts"
import { type Feature, requiredFeatures } from "./fit.ts"
import type { Need } from "./Need.ts"

export interface Hardware {
  readonly cpus: number
  readonly memoryGib: number
  readonly accelerators: Accelerators | null
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
  return missing === undefined ? null : `${have ? acceleratorText(have) : "no accelerators"}, ${missing[0]}:${missing[1]} was asked for`
}
