/** Flags of a task by the rules of task/: what is wrong is said of the flag, as it was typed, before anything is asked. */
import { problemIn } from "../../sdk/task/words.ts"
import { type Resources, ResourcesFields } from "../../task/Resources.ts"
import { sentence } from "../../task/sentence.ts"
import { nodesMax, TaskFields } from "../../task/Task.ts"
import { usageError } from "../render/error.ts"
import type { TaskFlags } from "./options.ts"

/** The fields of resources that flags set. `none` resets those that can be left to the optimizer. */
const fields = [
  ["infra", "infra", true],
  ["cloud", "cloud", true],
  ["region", "region", true],
  ["zone", "zone", true],
  ["instance-type", "instance_type", true],
  ["gpus", "accelerators", true],
  ["cpus", "cpus", true],
  ["memory", "memory", true],
  ["image-id", "image_id", true],
  ["disk-tier", "disk_tier", true],
  ["disk-size", "disk_size", false],
  ["ports", "ports", false]
] as const

const given = (value: string | ReadonlyArray<string> | undefined) => value !== undefined && value.length > 0

/** The flag is named before it. */
const problemOf = (schema: typeof ResourcesFields | typeof TaskFields, value: object) => problemIn(schema, value, () => "")?.message

/** What the flags say of resources; an empty value says nothing, but for GPUs: by a variable that is not set, other machines are rented. */
export const resourcesBy = (flags: TaskFlags): Resources => {
  if (flags["use-spot"] && flags["no-use-spot"]) throw usageError("--use-spot and --no-use-spot exclude each other.")
  if (flags.gpus?.trim() === "")
    throw usageError("--gpus is empty: name a GPU, or leave it out; --gpus none takes back what the file asks for.")
  const set = fields.flatMap(([flag, field, resets]): Array<readonly [string, unknown]> => {
    const value = flags[flag]
    if (!given(value)) return []
    if (resets && String(value).toLowerCase() === "none") return [[field, null]]
    const problem = problemOf(ResourcesFields, { [field]: value })
    if (problem !== undefined) throw usageError(`--${flag} ${value}: ${sentence(problem)}`)
    return [[field, value]]
  })
  const spot = flags["use-spot"] ? true : flags["no-use-spot"] ? false : undefined
  return { ...Object.fromEntries(set), ...(spot === undefined ? {} : { use_spot: spot }) } as Resources
}

/** What the flags say of the task itself. */
export const fieldsBy = (flags: TaskFlags) => {
  const { name, workdir } = flags
  const nodes = flags["num-nodes"]
  if (given(name) && problemOf(TaskFields, { name }) !== undefined)
    throw usageError(`--name takes letters and digits, with single . _ - between them, not '${name}'.`)
  const count = Number(nodes)
  if (nodes !== undefined && (nodes.trim() === "" || problemOf(TaskFields, { num_nodes: count }) !== undefined))
    throw usageError(`--num-nodes takes a whole number from 1 to ${nodesMax}, not '${nodes}'.`)
  return {
    ...(given(name) ? { name: name! } : {}),
    ...(given(workdir) ? { workdir: workdir! } : {}),
    ...(nodes === undefined ? {} : { num_nodes: count })
  }
}
