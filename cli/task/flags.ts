/** The task that words and flags of launch and exec mean: flags come before what the file says, and `none` resets it. */
import type { Complain, Source } from "../../sdk/task/document.ts"
import { findFiles } from "../../sdk/task/find-files.ts"
import { type Given, readTask } from "../../sdk/task/read-task.ts"
import { refuse } from "../../sdk/task/refuse.ts"
import { overrideResources } from "../../task/alternatives.ts"
import type { Resources } from "../../task/Resources.ts"
import type { Task } from "../../task/Task.ts"
import { fieldsBy, resourcesBy } from "./flag-values.ts"
import type { TaskFlags } from "./options.ts"
import { sourceOf } from "./task-file.ts"
import { givenBy } from "./values.ts"

const isMapping = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value)

/** A place that a flag has filled is not in the file. */
const blaming =
  (complain: Complain, flags: ReadonlyArray<string>): Complain =>
  (path, message, hint, tag) =>
    flags.includes(String(path[0])) ? refuse(message, hint, tag) : complain(path, message, hint, tag)

export const applyFlags = ({ complain, fields }: Source, flags: TaskFlags, given: Given = givenBy(flags)): Task => {
  const own = fieldsBy(flags)
  const over = resourcesBy(flags)
  const resources = fields["resources"]
  // What is no mapping is refused with its line, below.
  const overridden = Object.keys(over).length > 0 && (isMapping(resources) || resources === undefined || resources === null)
  const source = {
    fields: { ...fields, ...own, ...(overridden ? { resources: overrideResources(resources as Resources, over) } : {}) },
    complain: blaming(complain, Object.keys(own))
  }
  return findFiles(readTask(source, given), source.complain)
}

export const taskOf = (words: ReadonlyArray<string>, flags: TaskFlags): Task => applyFlags(sourceOf(words), flags)

/** An exec uses the machines that are there, as they are. */
export const ofMachines = ["cpus", "memory", "image-id", "disk-tier", "disk-size", "ports"] as const
