/** What this machine is, and whether a task fits it. It is the only one there is. */

import type { Offer } from "../../../events/values.ts"
import { cpus, memoryGib } from "../../../machine/hardware.ts"
import { quote } from "../../../sdk/quote.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { foreignOf, lessThan } from "../../../task/fit-machine.ts"
import type { Need } from "../../../task/Need.ts"
import type { Task } from "../../../task/Task.ts"
import { ownOffer } from "../own-offer.ts"

export const thisMachine = (accelerators: Offer["accelerators"]): Offer =>
  ownOffer("local", null, { cpus: cpus(), memoryGib: memoryGib(), accelerators })

const misfitOf = (machine: Offer, need: Need): string | null => {
  const { cloud } = need
  if (cloud !== undefined && cloud !== "local") return `${cloudDisplay(cloud)} is not enabled`
  const other = foreignOf(need)
  if (other !== undefined) return `the local cloud has no ${other}${cloud === undefined ? ", and no other is enabled" : ""}`
  const less = lessThan(machine, need)
  return less === null ? null : `this machine has ${less}`
}

/** Why nothing that the task would take fits the machine, as a sentence's middle; null when something does. */
export const misfit = (machine: Offer, { resources }: Pick<Task, "resources">): string | null => {
  const reasons = alternativesOf(resources).items.map((need) => misfitOf(machine, need))
  return reasons.includes(null) ? null : [...new Set(reasons)].join("; ")
}

/** Of a wish that names this machine, which is all that there is of it; undefined where other clouds were asked as well. */
export const elsewhere = ({ resources }: Pick<Task, "resources">): string | undefined => {
  const { items } = alternativesOf(resources)
  if (!items.every(({ cloud }) => cloud === "local")) return undefined
  const [name] = items.flatMap(({ accelerators }) => Object.keys(accelerators ?? {}))
  return `Ask for less, or leave the cloud out${name === undefined ? "" : `. Which clouds have it: sky show-gpus ${quote(name)}`}`
}

/** Whether all that the task would take needs what only other clouds have. */
export const lacks = ({ resources }: Pick<Task, "resources">): boolean =>
  alternativesOf(resources).items.every((need) => (need.cloud ?? "local") === "local" && foreignOf(need) !== undefined)
