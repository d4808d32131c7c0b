/** The rules of task/ as the SDK's classes ask for them. Refusals are thrown as the contract's exceptions are called, by tag. */
import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import * as Schema from "effect/Schema"
import { alternativesOf } from "../../task/alternatives.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { lessDemandingThan, shouldBeBlockedBy } from "../../task/fit.ts"
import { anyRegion } from "../../task/images.ts"
import { type Need, needOf } from "../../task/Need.ts"
import { envNamePattern } from "../../task/names.ts"
import { overrideResources } from "../../task/override-resources.ts"
import { Resources } from "../../task/Resources.ts"
import { needText } from "../../task/resources-text.ts"
import { canonicalService, Service, serviceProblem } from "../../task/Service.ts"
import { canonicalStorage, Storage, storageProblem } from "../../task/Storage.ts"
import { featuresOf, type Task, TaskFields } from "../../task/Task.ts"
import { type Complain, readPipeline } from "../task/document.ts"
import { findFiles } from "../task/find-files.ts"
import { checked, readTask } from "../task/read-task.ts"
import { refuse } from "../task/refuse.ts"

export type { Need }
export { anyRegion, cloudDisplay, featuresOf, lessDemandingThan, needText, overrideResources, shouldBeBlockedBy }

const fileMaxBytes = 1024 * 1024

const fieldsOf = [...Object.keys(TaskFields.fields), ...Object.keys(Resources.fields), ...Object.keys(Service.fields)]
const words = new Map(
  fieldsOf
    .filter((name) => name.includes("_"))
    .map((name) => [name, name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())])
)
/** Of a field as callers write it. */
const asWritten = (text: string) => text.replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (name) => words.get(name) ?? name)

const complain: Complain = (_, message, hint = null, tag = "ValueError") => refuse(asWritten(message), hint, tag)

/** The first complaint of a schema, as a ValueError. */
const decoded = <A>(schema: Schema.Top, value: unknown, what: string): A => {
  const standard = Schema.toStandardSchemaV1(schema as Schema.Codec<unknown>, { parseOptions: { onExcessProperty: "error" } })
  const result = standard["~standard"].validate(value)
  if (result instanceof Promise) throw new Error("a schema became asynchronous")
  const [issue] = result.issues ?? []
  if (issue === undefined) return value as A
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part))
  const name = asWritten(path.join("."))
  throw refuse(`${what}: ${name === "" ? "" : `${name}: `}${asWritten(issue.message.replace(/^Expected/, "expected"))}.`)
}

/** The requests of a `resources` section. */
export const choiceOf = (resources: unknown) => alternativesOf(decoded<Resources>(Resources, resources ?? {}, "Resources"))

/** A request of one kind, checked. */
export const needFrom = (fields: Readonly<Record<string, unknown>>): Need => {
  const { items, kind } = choiceOf(fields)
  if (kind !== "one") throw refuse("Resources: one kind of accelerator only. Give a Set or a list of Resources for a choice.")
  return items[0] ?? needOf({})
}

/** A task of fields as a file has them, its paths found and absolute. Texts are taken as they are: envs are replaced in files only. */
export const taskFrom = (fields: Readonly<Record<string, unknown>>): Task => findFiles(checked(fields, complain), complain)

const readText = (path: string): string => {
  try {
    if (statSync(path).size > fileMaxBytes) throw refuse(`${path} is larger than 1 MiB: that is no task.`)
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    if (cause instanceof Error && "tag" in cause) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "ERR_ENCODING_INVALID_ENCODED_DATA"
          ? "it is not UTF-8 text"
          : (code ?? message)
    throw refuse(`${path} cannot be read: ${why}.`, code === "ENOENT" ? `Looked for ${resolve(path)}.` : null)
  }
}

/** The one task of a file; of an empty one, the empty task. */
export const taskOfFile = (path: string): Task => {
  const [source, ...others] = readPipeline(readText(path), path).tasks
  if (others.length > 0)
    throw refuse(`${path} holds ${others.length + 1} tasks, a pipeline: a Task is one.`, "Write each into a file of its own.")
  return source === undefined ? {} : findFiles(readTask(source), source.complain)
}

export const storageFrom = (fields: Readonly<Record<string, unknown>>) => {
  const storage = decoded<Storage>(Storage, fields, "Storage")
  const problem = storageProblem(storage)
  if (problem !== undefined) throw refuse(`Storage: ${asWritten(problem.message)}.`, null, problem.error)
  return canonicalStorage(storage)
}

export const serviceFrom = (fields: unknown) => {
  const service = decoded<Service>(Service, fields, "SkyServiceSpec")
  const problem = serviceProblem(service)
  if (problem !== undefined) throw refuse(`SkyServiceSpec: ${asWritten(problem.message)}.`, null, problem.error)
  return canonicalService(service)
}

/** Checks a name as an env's. */
export const refuseEnvName = (name: unknown): void => {
  if (typeof name !== "string" || !envNamePattern.test(name))
    throw refuse(`'${String(name)}' is no name for an env: letters, digits and _ only.`)
}
