/** The rules of task/ as the SDK's classes ask for them. Refusals are thrown as the contract's exceptions are called, by tag. */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { type Choice, overrideResources, resourcesIssue, split } from "../../task/alternatives.ts"
import { canonicalTask } from "../../task/canonical.ts"
import { cloudDisplay, parseInfra } from "../../task/clouds.ts"
import { diskGibDefault } from "../../task/disk.ts"
import * as edits from "../../task/edits.ts"
import { isEmpty, isLaunchable, lessDemandingThan, shouldBeBlockedBy } from "../../task/fit.ts"
import { anyRegion } from "../../task/images.ts"
import { fileMountsOf, storageMountsOf } from "../../task/mounts.ts"
import { imageIssue, type Need, needOf } from "../../task/Need.ts"
import { needOfPlace } from "../../task/placed.ts"
import { present } from "../../task/present.ts"
import { asInFiles } from "../../task/Refusal.ts"
import { type Alternative, type Resources, ResourcesFields } from "../../task/Resources.ts"
import { needText } from "../../task/resources-text.ts"
import { canonicalService, Service, serviceProblem } from "../../task/Service.ts"
import { canonicalStorage, Storage, storageProblem } from "../../task/Storage.ts"
import { featuresOf, numNodesOf, type Task } from "../../task/Task.ts"
import { taskText } from "../../task/task-text.ts"
import { unsaidIn, unsaidWords } from "../../task/unsaid.ts"
import { type Complain, readPipeline } from "../task/document.ts"
import { findFiles } from "../task/find-files.ts"
import { checked, readTask } from "../task/read-task.ts"
import { readText } from "../task/read-text.ts"
import { refuse } from "../task/refuse.ts"
import { dotted, ended, type NameOf, type Path, problemIn } from "../task/words.ts"
import { camel } from "./field-names.ts"
import { ownCopy } from "./sayable.ts"

export { costOf } from "./prices.ts"
export const { setFileMounts, setStorageMounts, updateMounts } = edits
export type { Alternative, Need }
export {
  anyRegion,
  cloudDisplay,
  diskGibDefault,
  featuresOf,
  fileMountsOf,
  isEmpty,
  isLaunchable,
  lessDemandingThan,
  needOfPlace,
  needText,
  numNodesOf,
  overrideResources,
  shouldBeBlockedBy,
  storageMountsOf,
  taskText
}

/** Options whose own fields are options. What stands below any other is the caller's. */
const nested: ReadonlyArray<PropertyKey> = ["autostop", "job_recovery"]
/** A field of a file as the option that it was. */
const optionOf: NameOf = (path) => dotted(path.map((key, i) => (i === 0 || nested.includes(path[i - 1]!) ? camel(String(key)) : key)))

const complain: Complain = (_, message, hint = null, tag) => refuse(message, hint, tag)

const sentence = (...parts: ReadonlyArray<string>) => ended(parts.filter((part) => part !== "").join(": "))

/** A value that was checked, as one of ours: what the caller does with the given one afterwards was not. */
const taken = <A>(value: A, nameOf: NameOf, what = ""): A => {
  const unsaid = unsaidIn(value)
  if (unsaid !== undefined) throw refuse(sentence(what, unsaidWords(unsaid, nameOf(unsaid.path))))
  return ownCopy(value)
}

const decoded = <A>(schema: Schema.Top, value: unknown, what: string, nameOf: NameOf, tagOf?: (path: Path) => string): A => {
  const problem = problemIn(schema, value, nameOf)
  if (problem !== undefined) throw refuse(sentence(what, problem.message), null, tagOf?.(problem.path))
  return taken(value as A, nameOf, what)
}

/** A request as it was said, in one form, and what it comes to with all that follows from it. */
export interface Request {
  readonly said: Alternative
  readonly need: Need
}

const requestOf = (asked: Alternative): Request => {
  const need = needOf(asked)
  const place = typeof asked.infra === "string" ? parseInfra(asked.infra) : asked
  const { image_id: image } = asked
  const args = Object.entries(need.accelerator_args ?? {}).filter(([name]) =>
    Object.entries(asked.accelerator_args ?? {}).some(([key, value]) => key === name && value !== null)
  )
  return {
    need,
    said: present<Alternative>({
      ...need,
      cloud: place?.cloud ? need.cloud : undefined,
      accelerator_args: args.length === 0 ? undefined : Object.fromEntries(args),
      image_id: typeof image === "object" ? (image?.[anyRegion] ?? need.image_id) : image?.trim(),
      autostop: asked.autostop === false ? false : need.autostop
    })
  }
}

/** An alternative's as those of a request. */
const optionOfOne: NameOf = (path) => optionOf(path[0] === "any_of" || path[0] === "ordered" ? path.slice(2) : path)

/** The requests of a `resources` section. */
export const choiceOf = (section: unknown): Choice<Request> => {
  const resources = decoded<Resources>(ResourcesFields, section ?? {}, "Resources", optionOfOne)
  const { items, kind } = split(resources)
  const wrong = resourcesIssue(resources, camel) ?? items.map(imageIssue).find((issue) => issue !== undefined)
  if (wrong !== undefined) throw refuse(sentence("Resources", optionOfOne(wrong.path), wrong.issue))
  return { kind, items: items.map(requestOf) }
}

/** Fields over those of a section, checked. */
export const overridden = (section: Resources | null | undefined, over: object): Resources => {
  const resources = overrideResources(section, over)
  choiceOf(resources)
  return resources
}

/** A request of one kind, checked. */
export const requestFrom = (fields: object): Request => {
  const { items, kind } = choiceOf(fields)
  if (kind !== "one") throw refuse("Resources: one kind of accelerator only. Give a Set or a list of Resources for a choice.")
  return items[0] ?? requestOf({})
}

/** A task of fields as a file has them, its paths found and absolute. Texts are taken as they are: envs are replaced in files only. */
export const taskFrom = (fields: object): Task => {
  const task = checked({ ...fields }, complain, optionOf)
  return findFiles(taken(task, optionOf), complain, optionOf)
}

export const updateEnvs = (task: Task, envs: Parameters<typeof edits.updateEnvs>[1]): Task => {
  const done = edits.updateEnvs(task, envs)
  if (Result.isFailure(done)) throw refuse(`${done.failure.message}.`, null, done.failure.error)
  return done.success
}

/** The same without secrets' values: for logs. */
export const struck = (task: Task): Task => {
  const { envs, secrets } = canonicalTask(task)
  return { ...task, ...(envs && { envs }), ...(secrets && { secrets }) }
}

/** The one task of a file; of an empty one, the empty task. */
export const taskOfFile = (path: string): Task => {
  const [source, ...others] = readPipeline(readText(path), path).tasks
  if (others.length > 0)
    throw refuse(`${path} holds ${others.length + 1} tasks, a pipeline: a Task is one.`, "Write each into a file of its own.")
  return source === undefined ? {} : findFiles(readTask(source), source.complain)
}

const storageErrors: Readonly<Record<string, string>> = { name: "StorageNameError", source: "StorageSourceError", mode: "StorageModeError" }
const storageErrorOf = ([field]: Path) => storageErrors[String(field)] ?? "StorageSpecError"

export const storageFrom = (fields: unknown) => {
  const storage = decoded<Storage>(Storage, fields, "Storage", optionOf, storageErrorOf)
  const problem = storageProblem(storage)
  if (problem !== undefined) throw refuse(sentence("Storage", problem.message), null, problem.error)
  return canonicalStorage(storage)
}

/** The options that say a probe's fields under names of their own. */
const probeOptions: Readonly<Record<string, string>> = {
  path: "readinessPath",
  timeout_seconds: "readinessTimeoutSeconds",
  headers: "readinessHeaders"
}
const serviceOption: NameOf = ([section, ...path]) => {
  const [field, ...rest] = path
  const own = section === "readiness_probe" ? probeOptions[String(field)] : undefined
  return own === undefined ? optionOf(path) : dotted([own, ...rest])
}

/** Every default filled in, and a section like any other. Complaints are in the words of a section, or of the options that made it. */
export const serviceFrom = (section: unknown, by: "section" | "options") => {
  const [nameOf, say] = by === "section" ? [dotted, asInFiles] : [serviceOption, camel]
  const service = decoded<Service>(Service, section, "SkyServiceSpec", nameOf)
  const problem = serviceProblem(service, say)
  if (problem !== undefined) {
    const { path, refusal } = problem
    throw refuse(sentence("SkyServiceSpec", nameOf(path), refusal.message), null, refusal.error)
  }
  return canonicalService(service)
}
