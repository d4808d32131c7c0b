/** The flags that launch and exec share, as declarations. */
import { usageError } from "../render/error.ts"

export const taskOptions = {
  name: { type: "string", short: "n" },
  workdir: { type: "string" },
  infra: { type: "string" },
  cloud: { type: "string" },
  region: { type: "string" },
  zone: { type: "string" },
  "instance-type": { type: "string", short: "t" },
  gpus: { type: "string" },
  cpus: { type: "string" },
  memory: { type: "string" },
  "use-spot": { type: "boolean" },
  "no-use-spot": { type: "boolean" },
  "image-id": { type: "string" },
  "disk-size": { type: "string" },
  "disk-tier": { type: "string" },
  ports: { type: "string", multiple: true },
  "num-nodes": { type: "string" },
  env: { type: "string", multiple: true },
  "env-file": { type: "string" },
  secret: { type: "string", multiple: true },
  "secret-file": { type: "string" }
} as const

/** What of a task comes from the command line. */
export type TaskFlags = {
  readonly [F in keyof typeof taskOptions]?:
    | ((typeof taskOptions)[F] extends { multiple: true }
        ? ReadonlyArray<string>
        : (typeof taskOptions)[F]["type"] extends "boolean"
          ? boolean
          : string)
    | undefined
}

export const wholeNumber = (flag: string, text: string, min: number): number => {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < min || text.trim() === "")
    throw usageError(`${flag} takes a whole number from ${min}, not '${text}'.`)
  return n
}
