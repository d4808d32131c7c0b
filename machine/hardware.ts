/** What this machine is made of. */
import { execFile } from "node:child_process"
import { availableParallelism, totalmem } from "node:os"
import type { NodeIdentity } from "../sdk/agent/protocol.ts"

const smiTimeoutMs = 10_000

type Accelerators = NodeIdentity["accelerators"]

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
export const parseAccelerators = (printed: string): Accelerators => {
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
export const findAccelerators = (): Promise<Accelerators> =>
  new Promise((resolve) => {
    const options = { timeout: smiTimeoutMs, killSignal: "SIGKILL" as const }
    execFile("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], options, (error, stdout) =>
      resolve(error ? null : parseAccelerators(stdout))
    )
  })

export const cpus = (): number => availableParallelism()
export const memoryGib = (): number => Math.round(totalmem() / 1024 ** 3)
