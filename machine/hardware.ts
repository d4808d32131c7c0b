/** What this machine is made of. */
import { execFile } from "node:child_process"
import { availableParallelism, totalmem } from "node:os"
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"

/** A driver that is not kept loaded takes about a second for each GPU; a broken one may let everybody wait for ever. */
export const smiMaxS = 10

type Accelerators = NodeIdentity["accelerators"]

/**
 * The name that tasks use for what `nvidia-smi` prints: "NVIDIA A100-SXM4-40GB" is an A100, "NVIDIA GeForce RTX 4090" an
 * RTX4090. Only where the larger memory is another product to SkyPilot does it stay in the name (A100-80GB, V100-32GB).
 */
export const acceleratorName = (printed: string): string => {
  if (printed.startsWith("[")) return printed
  const name = printed
    .replace(/\b(NVIDIA|Tesla|GeForce|Quadro)\b/gi, " ")
    .replace(/ Blackwell.*/, "")
    .trim()
  const model = /^(?:GB|GH|[A-Z])\d+[A-Z]?(?![A-Za-z0-9])/.exec(name)?.[0]
  if (model === undefined) return name.replace(/ Ada( Generation)?$/, "-Ada").replaceAll(/\s+/g, "")
  const large = { A100: "80GB", V100: "32GB" }[model]
  return large !== undefined && name.includes(large) ? `${model}-${large}` : model
}

/** What `nvidia-smi` is asked; the second form by drivers that know no MIG. */
export const smiQueries = ["--query-gpu=name,mig.mode.current", "--query-gpu=name"] as const
export const smiFormat = "--format=csv,noheader"
/** Where it may be though it is on nobody's path: WSL, containers, Flatcar and Container-Optimized OS, NixOS. */
export const smiFolders = ["/usr/lib/wsl/lib", "/usr/local/nvidia/bin", "/opt/bin", "/run/current-system/sw/bin"] as const

interface Device {
  readonly name: string
  /** What CUDA calls it. */
  readonly id: string
}

/**
 * `listed`: what `nvidia-smi -L` says, where parts of GPUs are devices of their own (MIG). A GPU that is to be parted, and is not, can do
 * nothing.
 */
const devicesOf = (queried: string, listed: string): ReadonlyArray<Device> => {
  const parts = new Map<number, Array<Device>>()
  let gpu = -1
  for (const line of listed.split("\n")) {
    gpu = Number(/^GPU (\d+):/.exec(line)?.[1] ?? gpu)
    const [, profile, id] = /^\s+MIG (\S+)\s.*UUID: (MIG-[^)]+)\)/.exec(line) ?? []
    if (profile !== undefined && id !== undefined) parts.set(gpu, [...(parts.get(gpu) ?? []), { name: profile, id }])
  }
  return queried
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^WARNING/i.test(line))
    .flatMap((line, index): ReadonlyArray<Device> => {
      const [, printed = "", mig] = /^(.*?)(?:, *(Enabled|Disabled|N\/A|\[[^\]]*\]))?$/.exec(line.trim()) ?? []
      const name = acceleratorName(printed)
      if (mig !== "Enabled") return [{ name, id: String(index) }]
      return (parts.get(index) ?? []).map((part) => ({ name: `${name}-MIG-${part.name}`, id: part.id }))
    })
}

export interface Gpus {
  readonly accelerators: Accelerators
  /** Those that a cluster does not get: it has one kind. */
  readonly others: ReadonlyArray<string>
}

/** The kind of which there are most, the first of equals. */
export const findKind = (queried: string, listed = ""): Gpus => {
  const kinds = [...Map.groupBy(devicesOf(queried, listed), ({ name }) => name)]
  // In place of a name, what is wrong with one: "[GPU is lost]".
  const whole = kinds.filter(([name]) => !name.startsWith("["))
  const most = Math.max(...whole.map(([, { length }]) => length))
  const chosen = whole.find(([, { length }]) => length === most)
  const others = kinds.filter((kind) => kind !== chosen).map(([other, { length }]) => `${other}:${length}`)
  if (chosen === undefined) return { accelerators: null, others }
  const [name, devices] = chosen
  const ids = devices.map(({ id }) => id)
  const isPlain = ids.every((id, index) => id === String(index))
  return {
    accelerators: { name, count: ids.length, ...(!isPlain && { ids }) },
    others
  }
}

/** Some device is parted. */
const hasParts = (queried: string): boolean => /, *Enabled\s*$/m.test(queried)

const ask = (...args: ReadonlyArray<string>): Promise<string | null> =>
  new Promise((resolve) => {
    const env = { ...process.env, PATH: [process.env["PATH"], ...smiFolders].join(":") }
    const options = { timeout: smiMaxS * 1000, killSignal: "SIGKILL" as const, env }
    execFile("nvidia-smi", args, options, (error, stdout) => resolve(error ? null : stdout))
  })

/** Null without a driver, or when it does not answer. */
export const findAccelerators = async (): Promise<Accelerators> => {
  const [first, second] = smiQueries
  const queried = (await ask(first, smiFormat)) ?? (await ask(second, smiFormat))
  if (queried === null) return null
  return findKind(queried, hasParts(queried) ? ((await ask("-L")) ?? "") : "").accelerators
}

export const cpus = (): number => availableParallelism()
export const memoryGib = (): number => Math.round(totalmem() / 1024 ** 3)
