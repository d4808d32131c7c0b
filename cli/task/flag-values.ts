/** Flags of a task by the rules of task/: what is wrong is said of the flag, as it was typed, before anything is asked. */
import * as Schema from "effect/Schema"
import { Resources } from "../../task/Resources.ts"
import { nodesMax, Task } from "../../task/Task.ts"
import { usageError } from "../render/error.ts"
import type { TaskFlags } from "./options.ts"

const isTask = Schema.is(Task)
const isResources = Schema.is(Resources)

type Rule = readonly [flag: keyof TaskFlags, form: string, fits: (value: string) => boolean]

const amount = "a positive number: N, or N+ for at least N"
const rules: ReadonlyArray<Rule> = [
  ["name", "letters and digits, with single . _ - between them", (name) => isTask({ name })],
  ["gpus", "NAME or NAME:COUNT, such as A100:8", (accelerators) => isResources({ accelerators })],
  ["cpus", amount, (cpus) => isResources({ cpus })],
  ["memory", `${amount}, in GiB`, (memory) => isResources({ memory })],
  ["num-nodes", `a whole number from 1 to ${nodesMax}`, (nodes) => nodes.trim() !== "" && isTask({ num_nodes: Number(nodes) })]
]

/** The message of the schema says which clouds there are. */
const cloudProblem = (cloud: string): string | undefined => {
  const checked = Schema.toStandardSchemaV1(Resources)["~standard"].validate({ cloud })
  return checked instanceof Promise ? undefined : checked.issues?.[0]?.message
}

/** `none` resets and an empty value is none given, where flags.ts says so. */
const isNothing = (flag: string, value: string) =>
  flag !== "num-nodes" && (value === "" || (flag !== "name" && value.toLowerCase() === "none"))

export const checkFlags = (flags: TaskFlags): void => {
  for (const [flag, form, fits] of rules) {
    const value = flags[flag] as string | undefined
    if (value === undefined || isNothing(flag, value) || fits(value)) continue
    throw usageError(`--${flag} takes ${form}, not '${value}'.`)
  }
  const { cloud = "" } = flags
  const problem = isNothing("cloud", cloud) ? undefined : cloudProblem(cloud)
  if (problem !== undefined) throw usageError(`--cloud ${cloud}: ${problem}.`)
}
