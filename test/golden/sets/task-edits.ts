/** The setters of the original's Task, as changes of our value. */
import * as Result from "effect/Result"
import { readTask } from "../../../sdk/task/read-task.ts"
import { refuse } from "../../../sdk/task/refuse.ts"
import * as edits from "../../../task/edits.ts"
import { overrideResources } from "../../../task/override-resources.ts"
import type { Resources } from "../../../task/Resources.ts"
import type { Task } from "../../../task/Task.ts"

// biome-ignore lint/suspicious/noExplicitAny: arguments as the original's methods took them
type Argument = any

const resourcesOf = (argument: Argument): Resources =>
  argument.set !== undefined ? { any_of: argument.set } : argument.list !== undefined ? { ordered: argument.list } : argument

const methods: Readonly<Record<string, (task: Task, argument: Argument) => Task>> = {
  update_envs: (task, envs) => {
    const done = edits.updateEnvs(task, envs)
    if (Result.isFailure(done)) throw refuse(done.failure.message, null, done.failure.error)
    return done.success
  },
  set_resources: (task, argument) => ({ ...task, resources: resourcesOf(argument) }),
  set_resources_override: (task, over) => ({ ...task, resources: overrideResources(task.resources, over) }),
  set_file_mounts: edits.setFileMounts,
  update_file_mounts: edits.updateFileMounts,
  set_storage_mounts: edits.setStorageMounts,
  update_storage_mounts: edits.updateStorageMounts,
  set_service: (task, service) => ({ ...task, service })
}

export const edited = (task: Task, ops: ReadonlyArray<readonly [method: string, argument: Argument]>): Task => {
  const done = ops.reduce((before, [method, argument]) => methods[method]!(before, argument), task)
  return readTask({ fields: done, complain: (_, message, hint, tag) => refuse(message, hint, tag) })
}
