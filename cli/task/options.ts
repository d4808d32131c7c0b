/** The flags that launch and exec share, as declarations: small, for the hot path. */
import type { Task } from "../../task/Task.ts"
import { usageError } from "../render/error.ts"

export const taskOptions = {
  name: { type: "string", short: "n" },
  workdir: { type: "string" },
  cloud: { type: "string" },
  gpus: { type: "string" },
  cpus: { type: "string" },
  memory: { type: "string" },
  "num-nodes": { type: "string" },
  env: { type: "string", multiple: true },
  "env-file": { type: "string" }
} as const

export interface TaskFlags {
  readonly name?: string | undefined
  readonly workdir?: string | undefined
  readonly cloud?: string | undefined
  readonly gpus?: string | undefined
  readonly cpus?: string | undefined
  readonly memory?: string | undefined
  readonly "num-nodes"?: string | undefined
  readonly env?: ReadonlyArray<string> | undefined
  readonly "env-file"?: string | undefined
}

/** A task on its way: an env without a value must still get one. */
export type Draft = Omit<Task, "envs"> & { readonly envs?: Readonly<Record<string, string | null>> }

export const wholeNumber = (flag: string, text: string, min: number): number => {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < min || text.trim() === "")
    throw usageError(`${flag} takes a whole number from ${min}, not '${text}'.`)
  return n
}
