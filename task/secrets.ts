/** Which of a task's values are secrets, and the three that are a login only together. Pure. */

/** An env whose name says that its value is a secret: the value never enters a fact, an argv or a log. */
export const isSecretEnvName = (name: string) => /TOKEN|SECRET|PASSW|KEY|CRED/i.test(name)

interface Values<V> {
  readonly envs?: Readonly<Record<string, V>> | null | undefined
  readonly secrets?: Readonly<Record<string, V>> | null | undefined
}

/** `secrets:`, and envs whose name says so: never in a fact, never shown. */
export const secretsOf = <V>(task: Values<V>): Readonly<Record<string, V>> => ({
  ...Object.fromEntries(Object.entries(task.envs ?? {}).filter(([name]) => isSecretEnvName(name))),
  ...task.secrets
})

export const openEnvsOf = <V>({ envs }: Values<V>): Readonly<Record<string, V>> =>
  Object.fromEntries(Object.entries(envs ?? {}).filter(([name]) => !isSecretEnvName(name)))

const login = ["SKYPILOT_DOCKER_USERNAME", "SKYPILOT_DOCKER_PASSWORD", "SKYPILOT_DOCKER_SERVER"]

/** A login to a private registry of images has three parts, or none. */
export const loginProblem = ({ envs, secrets }: Values<unknown>): string | undefined => {
  const given = { ...envs, ...secrets }
  const missing = login.filter((name) => !Object.hasOwn(given, name))
  return missing.length === 0 || missing.length === login.length
    ? undefined
    : `a login to a registry of images needs all three of ${login.join(", ")}: ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing`
}

/** A name has one value. */
export const doubleProblem = ({ envs, secrets }: Values<unknown>): string | undefined => {
  const twice = Object.keys(secrets ?? {}).find((name) => Object.hasOwn(envs ?? {}, name))
  return twice && `'${twice}' is in envs and in secrets: keep one`
}
