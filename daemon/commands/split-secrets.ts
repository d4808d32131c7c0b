/** Takes the secrets out of a task, before anything of it is recorded. Pure. */
import type { RecordedTask } from "../../events/values.ts"
import { openEnvsOf, secretsOf } from "../../task/secrets.ts"
import type { Task } from "../../task/Task.ts"

export const splitSecrets = (task: Task, digest: (text: string) => string) => {
  const { envs, secrets: _, ...open } = task
  const secrets = secretsOf(task)
  const digests = Object.entries(secrets).map(([name, value]) => [name, digest(`${name}=${value}`)])
  const recorded: RecordedTask = {
    ...open,
    ...(envs ? { envs: openEnvsOf(task) } : {}),
    ...(digests.length > 0 ? { secretEnvs: Object.fromEntries(digests) } : {})
  }
  return { recorded, secrets }
}
