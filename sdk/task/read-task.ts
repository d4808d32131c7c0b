/** From what is written to a task: values given with it come first, then envs in paths and in the service, then the rules. */
import * as Schema from "effect/Schema"
import { secretsOf } from "../../task/secrets.ts"
import { charsIn, clashIn, namesIn, substitute } from "../../task/substitute.ts"
import { problemsOf, Task, TaskFields, taskMaxBytes } from "../../task/Task.ts"
import type { Complain, Source } from "./document.ts"
import { dotted, ended, inWords, pathOf } from "./words.ts"

type Values = Readonly<Record<string, string>>
type Written = Readonly<Record<string, string | null>>

/** Values from the command line or the caller, over those of the file. */
export interface Given {
  readonly envs?: Values
  readonly secrets?: Values
}

const withValues = ({ fields }: Source, given: Given) => {
  const written = { envs: fields["envs"] as Written | null | undefined, secrets: fields["secrets"] as Written | null | undefined }
  const isSecret = (name: string) => Object.hasOwn(given.secrets ?? {}, name) || Object.hasOwn(written.secrets ?? {}, name)
  const all = Object.entries(given.envs ?? {})
  const keep = (values: Written | null | undefined) =>
    Object.entries(values ?? {}).filter(([name]) => !Object.hasOwn(given.secrets ?? {}, name))
  return {
    envs: { ...Object.fromEntries(keep(written.envs)), ...Object.fromEntries(all.filter(([name]) => !isSecret(name))) },
    secrets: { ...written.secrets, ...Object.fromEntries(all.filter(([name]) => isSecret(name))), ...given.secrets }
  }
}

const refuseNull = (what: "envs" | "secrets", values: Written, complain: Complain, given: Given | undefined) => {
  const [name] = Object.entries(values).find(([, value]) => value === null) ?? []
  if (name === undefined) return
  const [word, flag] = what === "envs" ? ["env", "--env"] : ["secret", "--secret"]
  const hint = given === undefined ? `Give it one in the file, under ${what}.` : `Give it one: ${flag} ${name}=…`
  throw complain([what, name], `${word} '${name}' has no value.`, hint)
}

/** More at once are read by nobody. */
const complaintsMax = 10

/** Where `$NAME` is replaced. Scripts get the variables themselves. */
const substituted = ["workdir", "file_mounts", "service"] as const

const standard = Schema.toStandardSchemaV1(TaskFields, { parseOptions: { errors: "all", onExcessProperty: "error" } })
const fits = Schema.toStandardSchemaV1(Task)
const issuesOf = <T>(result: Promise<T> | T): T => {
  if (result instanceof Promise) throw new Error("the task's schema became asynchronous")
  return result
}

export const checked = (fields: Readonly<Record<string, unknown>>, complain: Complain, nameOf = dotted): Task => {
  const issues = issuesOf(standard["~standard"].validate(fields)).issues ?? []
  // A mistake that breaks two rules is one mistake.
  const mistakes = [...Map.groupBy(issues, (issue) => JSON.stringify(pathOf(issue).map(String))).values()].slice(0, complaintsMax)
  const [first, ...others] = mistakes
    .flatMap((same) => same.slice(0, 1))
    .map((issue) => complain(pathOf(issue), ended(inWords(TaskFields, issue, fields, nameOf))))
  if (first !== undefined)
    throw others.length === 0 ? first : Object.assign(first, { message: [first, ...others].map(({ message }) => message).join("\n") })
  const task = fields as Task
  const [problem] = problemsOf(task)
  if (problem !== undefined) {
    const { path, refusal } = problem
    throw complain(path, `${nameOf(path)}: ${refusal.message}.`, null, refusal.error)
  }
  const [large] = issuesOf(fits["~standard"].validate(task)).issues ?? []
  if (large !== undefined) throw complain([], ended(large.message))
  return task
}

/** Nothing is `given` where nobody could. */
export const readTask = (source: Source, given?: Given): Task => {
  const { complain, fields } = source
  const { envs, secrets } = withValues(source, given ?? {})
  refuseNull("envs", envs, complain, given)
  refuseNull("secrets", secrets, complain, given)
  const hidden = secretsOf({ envs, secrets })
  const open = Object.fromEntries(Object.entries(envs).filter(([name]) => !Object.hasOwn(hidden, name)))
  const filled = Object.fromEntries(
    substituted.flatMap((field) => {
      const value = fields[field]
      if (value === undefined) return []
      const secret = namesIn(value).find((name) => Object.hasOwn(hidden, name))
      if (secret !== undefined)
        throw complain([field], `${field}: $${secret} is a secret, and this is recorded and shown.`, "Use an env of another name, or none.")
      if (charsIn(value, open) > taskMaxBytes)
        throw complain([field], `${field}: with the envs in it, it is larger than ${taskMaxBytes / 1024} KiB.`)
      const [key, other, both] = clashIn(value, open) ?? []
      if (both !== undefined) throw complain([field], `${field}: '${key}' and '${other}' become one, '${both}', with the envs in them.`)
      return [[field, substitute(value, open)]]
    })
  )
  const { envs: _, secrets: __, ...others } = fields
  return checked(
    {
      ...others,
      ...filled,
      ...(Object.keys(envs).length > 0 ? { envs } : {}),
      ...(Object.keys(secrets).length > 0 ? { secrets } : {})
    },
    complain
  )
}
