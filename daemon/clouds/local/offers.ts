/**
 * What this machine is, and whether a task fits it. It is the only one there is, so an amount is met by having at least
 * that much: `cpus: 4` asks for a machine with 4 CPUs to rent, but fits one with 16 that is here anyway.
 */
import type { Offer } from "../../../events/values.ts"
import { cpus, memoryGib } from "../../../machine/hardware.ts"
import { gives } from "../../../task/accelerators.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { leastOf } from "../../../task/amounts.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { type Feature, requiredFeatures } from "../../../task/fit.ts"
import type { Need } from "../../../task/Need.ts"
import type { Task } from "../../../task/Task.ts"

export const thisMachine = (accelerators: Offer["accelerators"]): Offer => ({
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: cpus(),
  memoryGib: memoryGib(),
  accelerators,
  useSpot: false,
  usdPerHour: 0,
  catalog: null
})

/** What only a cloud of machines for rent has. */
const foreign: { readonly [F in Feature]?: string } = { SPOT_INSTANCE: "spot instances", IMAGE_ID: "images", DOCKER_IMAGE: "images" }
const foreignOf = (need: Need): string | undefined =>
  requiredFeatures(need)
    .map((feature) => foreign[feature])
    .find((what) => what !== undefined)

const misfitOf = (machine: Offer, need: Need): string | null => {
  const { cloud, cpus, memory } = need
  if (cloud !== undefined && cloud !== "local") return `${cloudDisplay(cloud)} is not enabled`
  const other = foreignOf(need)
  if (other !== undefined) return `the local cloud has no ${other}, and no other is enabled`
  if (cpus !== undefined && machine.cpus < leastOf(cpus, machine.cpus))
    return `this machine has ${machine.cpus} CPUs, ${cpus} were asked for`
  if (memory !== undefined && machine.memoryGib < leastOf(memory, machine.cpus))
    return `this machine has ${machine.memoryGib} GiB of memory, ${memory} were asked for`
  const have = machine.accelerators
  const missing = Object.entries(need.accelerators ?? {}).find(([name, count]) => !gives(have, { name, count }))
  return missing === undefined
    ? null
    : `this machine has ${have ? `${have.name}:${have.count}` : "no accelerators"}, ${missing[0]}:${missing[1]} was asked for`
}

/** Why nothing that the task would take fits the machine, as a sentence's middle; null when something does. */
export const misfit = (machine: Offer, { resources }: Pick<Task, "resources">): string | null => {
  const reasons = alternativesOf(resources).items.map((need) => misfitOf(machine, need))
  return reasons.includes(null) ? null : [...new Set(reasons)].join("; ")
}

/** Whether all that the task would take needs what only other clouds have. */
export const lacks = ({ resources }: Pick<Task, "resources">): boolean =>
  alternativesOf(resources).items.every((need) => (need.cloud ?? "local") === "local" && foreignOf(need) !== undefined)
