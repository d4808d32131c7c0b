/** Into which machines of GCP accelerators are put: their makers' limits, and SkyPilot's choice where there is one. Pure. */
import { type Accelerators, acceleratorText, isTpu, tpuVm } from "../../task/accelerators.ts"
import { leastOf } from "../../task/amounts.ts"
import type { Need } from "../../task/Need.ts"
import type { InstanceType } from "../../task/Offers.ts"

/** Machines that have their accelerators built in; the list prices the two apart. */
const builtIn: Readonly<Record<string, Readonly<Record<number, ReadonlyArray<string>>>>> = {
  A100: {
    1: ["a2-highgpu-1g"],
    2: ["a2-highgpu-2g"],
    4: ["a2-highgpu-4g"],
    8: ["a2-highgpu-8g"],
    16: ["a2-megagpu-16g"]
  },
  "A100-80GB": { 1: ["a2-ultragpu-1g"], 2: ["a2-ultragpu-2g"], 4: ["a2-ultragpu-4g"], 8: ["a2-ultragpu-8g"] },
  L4: {
    1: ["g2-standard-4", "g2-standard-8", "g2-standard-12", "g2-standard-16", "g2-standard-32"],
    2: ["g2-standard-24"],
    4: ["g2-standard-48"],
    8: ["g2-standard-96"]
  },
  H100: { 1: ["a3-highgpu-1g"], 2: ["a3-highgpu-2g"], 4: ["a3-highgpu-4g"], 8: ["a3-highgpu-8g"] },
  "H100-MEGA": { 8: ["a3-megagpu-8g"] },
  H200: { 8: ["a3-ultragpu-8g"] },
  B200: { 8: ["a4-highgpu-8g"] }
}
const builtInTo = new Map(
  Object.entries(builtIn).flatMap(([name, counts]) =>
    Object.entries(counts).flatMap(([count, types]) => types.map((type) => [type, { name, count: Number(count) }] as const))
  )
)

/** vCPUs for so many accelerators, where nobody says more; all others go by the last. */
const usualCpus: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  K80: { 1: 4, 2: 8, 4: 16, 8: 32, 16: 64 },
  V100: { 1: 8, 2: 16, 4: 32, 8: 64 },
  P100: { 1: 8, 2: 16, 4: 32, 8: 64 },
  T4: { 1: 4, 2: 8, 4: 48 },
  "": { 1: 8, 2: 16, 4: 32, 8: 64, 16: 128 }
}
const gibPerCpu = 4

/** The most vCPUs and GiB of a machine that they are put into. */
const limits: Readonly<Record<string, Readonly<Record<number, readonly [vcpus: number, gib: number]>>>> = {
  K80: { 1: [8, 52], 2: [16, 104], 4: [32, 208], 8: [64, 208] },
  V100: { 1: [12, 78], 2: [24, 156], 4: [48, 312], 8: [96, 624] },
  T4: { 1: [48, 312], 2: [48, 312], 4: [96, 624] },
  P4: { 1: [24, 156], 2: [48, 312], 4: [96, 624] },
  P100: { 1: [16, 104], 2: [32, 208], 4: [64, 208] }
}

const tpuMachine = (name: string) => (name.startsWith("tpu-v4") ? { vcpus: 240, memoryGib: 400 } : { vcpus: 96, memoryGib: 334 })
const onVm = ({ accelerator_args: args }: Need) => args?.tpu_vm === undefined || String(args.tpu_vm).toLowerCase() !== "false"

/** Which types a need may be put on, and what they must have beyond what it says. */
export interface Hosts {
  readonly isHost: (type: InstanceType) => boolean
  readonly cpus: Need["cpus"]
  readonly memory: Need["memory"]
}

const isN1 = ({ name }: InstanceType) => /^n1-(standard|highmem|highcpu)-/.test(name)

export const hostsFor = ({ count, name }: Accelerators, need: Need): Hosts => {
  const { cpus, memory } = need
  if (isTpu(name) && onVm(need)) return { isHost: (type) => type.name === tpuVm, cpus, memory }
  const own = builtIn[name]
  if (own !== undefined) return { isHost: (type) => own[count]?.includes(type.name) ?? false, cpus, memory }
  const usual = (usualCpus[name] ?? usualCpus[""]!)[count]
  if (cpus === undefined && memory === undefined) return { isHost: isN1, cpus: `${usual ?? 8}+`, memory: `${(usual ?? 8) * gibPerCpu}+` }
  return { isHost: isN1, cpus, memory: memory ?? `${leastOf(cpus!, 0) * gibPerCpu}+` }
}

/** The type with what it has beside the accelerators that are asked for. */
export const sized = (type: InstanceType, accelerators: Accelerators | undefined): InstanceType =>
  type.name === tpuVm && accelerators !== undefined ? { ...type, ...tpuMachine(accelerators.name) } : type

const list = (names: ReadonlyArray<string>) => names.join(", ")

/** Why the accelerators do not go with the machine, as a sentence; undefined when they do. */
export const hostMismatch = (type: InstanceType, asked: Accelerators | undefined): string | undefined => {
  const has = builtInTo.get(type.name)
  if (asked === undefined) return has && `${type.name} has ${has.name}: ask for ${acceleratorText(has)} too, or for another type.`
  const text = acceleratorText(asked)
  const own = builtIn[asked.name]
  if (own !== undefined) {
    const types = own[asked.count]
    if (types === undefined) return `There is no ${text} on GCP. It has ${asked.name} by ${list(Object.keys(own))}.`
    return types.includes(type.name) ? undefined : `${text} is not put into ${type.name}: it comes with ${list(types)}.`
  }
  if (isTpu(asked.name)) {
    const goes = type.name === tpuVm || type.name.startsWith("n1-")
    return goes ? undefined : `TPUs go with machines of the N1 series only, not with ${type.name}.`
  }
  if (!type.name.startsWith("n1-")) return `${asked.name} goes with machines of the N1 series only, not with ${type.name}.`
  const limit = limits[asked.name]
  if (limit === undefined) return `GCP has no ${asked.name}.`
  const most = limit[asked.count]
  if (most === undefined) return `There is no ${text} on GCP. It has ${asked.name} by ${list(Object.keys(limit))}.`
  const [vcpus, gib] = most
  if ((type.vcpus ?? 0) > vcpus) return `${text} goes with up to ${vcpus} vCPUs; ${type.name} has ${type.vcpus}.`
  return (type.memoryGib ?? 0) > gib ? `${text} goes with up to ${gib} GiB of memory; ${type.name} has ${type.memoryGib}.` : undefined
}
