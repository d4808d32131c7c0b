/** The setters of the original's Task, as `sky.Task` has them. */
import { toOptions } from "../../../sdk/api/field-names.ts"
import { sky } from "../../unit/sdk/sdk.ts"

type Task = InstanceType<typeof sky.Task>
// biome-ignore lint/suspicious/noExplicitAny: arguments as the original's methods took them
type Argument = any

const one = (fields: Argument) => new sky.Resources(toOptions(fields))

const resourcesOf = (argument: Argument) =>
  argument.set !== undefined ? new Set<ReturnType<typeof one>>(argument.set.map(one)) : (argument.list?.map(one) ?? one(argument))

const storagesOf = (mounts: Argument) =>
  mounts && Object.fromEntries(Object.entries(mounts).map(([path, fields]) => [path, new sky.Storage(toOptions(fields as object))]))

const methods: Readonly<Record<string, (task: Task, argument: Argument) => Task>> = {
  update_envs: (task, envs) => task.updateEnvs(envs),
  set_resources: (task, argument) => task.setResources(resourcesOf(argument)),
  set_resources_override: (task, over) => task.setResourcesOverride(toOptions(over)),
  set_file_mounts: (task, mounts) => task.setFileMounts(mounts),
  update_file_mounts: (task, mounts) => task.updateFileMounts(mounts),
  set_storage_mounts: (task, mounts) => task.setStorageMounts(storagesOf(mounts)),
  update_storage_mounts: (task, mounts) => task.updateStorageMounts(storagesOf(mounts)),
  set_service: (task, service) => task.setService(service && sky.SkyServiceSpec.fromYamlConfig(service))
}

export const edited = (task: Task, ops: ReadonlyArray<readonly [method: string, argument: Argument]>): Task =>
  ops.reduce((before, [method, argument]) => methods[method]!(before, argument), task)
