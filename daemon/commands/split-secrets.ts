/** Takes the values that look like secrets out of a task, before anything of it is recorded. Pure. */
import type { RecordedTask } from "../../events/values.ts"
import { isSecretEnvName } from "../../task/names.ts"
import type { Task } from "../../task/Task.ts"

export const splitSecrets = (task: Task, digest: (text: string) => string) => {
  const all = Object.entries(task.envs ?? {})
  const secret = all.filter(([name]) => isSecretEnvName(name))
  const recorded: RecordedTask = { ...task }
  if (task.envs) Object.assign(recorded, { envs: Object.fromEntries(all.filter(([name]) => !isSecretEnvName(name))) })
  if (secret.length > 0) {
    Object.assign(recorded, { secretEnvs: Object.fromEntries(secret.map(([name, value]) => [name, digest(`${name}=${value}`)])) })
  }
  return { recorded, secrets: Object.fromEntries(secret) }
}
