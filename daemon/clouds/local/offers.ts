/**
 * What this machine is, and whether a task fits it. It is the only one there is, so an amount is met by having at least
 * that much: `cpus: 4` asks for a machine with 4 CPUs to rent, but fits one with 16 that is here anyway.
 */
import { execFile } from "node:child_process"
import { availableParallelism, totalmem } from "node:os"
import type { Offer } from "../../../events/values.ts"
import { gives } from "../../../task/accelerators.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { leastOf } from "../../../task/amounts.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { type Feature, requiredFeatures } from "../../../task/fit.ts"
import type { Need } from "../../../task/Need.ts"
import type { Task } from "../../../task/Task.ts"

const smiTimeoutMs = 10_000

/**
 * The name that tasks use for what `nvidia-smi` prints: "NVIDIA A100-SXM4-40GB" is an A100, "NVIDIA GeForce RTX 4090" an
 * RTX4090. Only where the larger memory is another product to SkyPilot does it stay in the name (A100-80GB, V100-32GB).
 */
export const acceleratorName = (printed: string): string => {
  const name = printed.replace(/\b(NVIDIA|Tesla|GeForce|Quadro)\b/gi, " ").trim()
  const model = /^(?:GB|GH|[A-Z])\d+[A-Z]?(?![A-Za-z0-9])/.exec(name)?.[0]
  if (model === undefined) return name.replace(/ Ada( Generation)?$/, "-Ada").replaceAll(/\s+/g, "")
  const large = { A100: "80GB", V100: "32GB" }[model]
  return large !== undefined && name.includes(large) ? `${model}-${large}` : model
}

/** Devices are granted by index from 0, so only the first kind counts, up to the first of another kind. */
export const parseAccelerators = (printed: string): Offer["accelerators"] => {
  const names = printed
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(acceleratorName)
  const [first] = names
  if (!first) return null
  const other = names.findIndex((name) => name !== first)
  return { name: first, count: other === -1 ? names.length : other }
}

/** Null without a driver, or when it does not answer. */
export const findAccelerators = (): Promise<Offer["accelerators"]> =>
  new Promise((resolve) => {
    const options = { timeout: smiTimeoutMs, killSignal: "SIGKILL" as const }
    execFile("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], options, (error, stdout) =>
      resolve(error ? null : parseAccelerators(stdout))
    )
  })

export const thisMachine = (accelerators: Offer["accelerators"]): Offer => ({
  cloud: "local",
  region: null,
  zone: null,
  instanceType: null,
  cpus: availableParallelism(),
  memoryGib: Math.round(totalmem() / 1024 ** 3),
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
