/** The rules of task/ as the SDK's classes ask for them. Refusals are thrown as the contract's exceptions are called, by tag. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Choice, overrideResources, split } from "../../task/alternatives.ts"
import { canonicalTask } from "../../task/canonical.ts"
import { cloudDisplay, parseInfra } from "../../task/clouds.ts"
import { diskGibDefault } from "../../task/disk.ts"
import * as edits from "../../task/edits.ts"
import { getCost, isEmpty, isLaunchable, lessDemandingThan, shouldBeBlockedBy } from "../../task/fit.ts"
import { anyRegion } from "../../task/images.ts"
import { fileMountsOf, storageMountsOf } from "../../task/mounts.ts"
import { type Need, needOf } from "../../task/Need.ts"
import { needOfPlace } from "../../task/placed.ts"
import { present } from "../../task/present.ts"
import { type Alternative, Resources } from "../../task/Resources.ts"
import { needText } from "../../task/resources-text.ts"
import { canonicalService, Service, serviceProblem } from "../../task/Service.ts"
import { canonicalStorage, Storage, storageProblem } from "../../task/Storage.ts"
import { featuresOf, type Task, TaskFields } from "../../task/Task.ts"
import { taskText } from "../../task/task-text.ts"
import { type Complain, type Path, readPipeline } from "../task/document.ts"
import { findFiles } from "../task/find-files.ts"
import { checked, readTask } from "../task/read-task.ts"
import { readText } from "../task/read-text.ts"
import { refuse } from "../task/refuse.ts"
import { camel } from "./field-names.ts"
import { inWords, unsaidIn } from "./unsaid.ts"

export const { setFileMounts, setStorageMounts, updateFileMounts, updateStorageMounts } = edits
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
  overrideResources,
  shouldBeBlockedBy,
  storageMountsOf,
  taskText
}

const fieldNames = [TaskFields, Resources, Service].flatMap(({ fields }) => Object.keys(fields))
const innerNames = ["min_replicas", "max_replicas", "target_qps_per_replica", "idle_minutes"]
const words = new Map([...fieldNames, ...innerNames].map((name) => [name, camel(name)]))
/** Fields whose keys are the caller's own. */
const keyed = new Set(
  "accelerators accelerator_args config envs experimental file_mounts image_id inputs labels outputs secrets".split(" ")
)

/** The rules speak of a file's fields; these are the caller's. What stands in quotes is what the caller said. */
const spoken = (text: string) => text.replace(/(?<![^\s(])'.*?'(?![^\s.,:;)])|\b[a-z]+(?:_[a-z]+)+\b/g, (part) => words.get(part) ?? part)

const spokenPath = (path: Path): string => {
  const own = path.findIndex((key) => keyed.has(String(key)))
  return path.map((key, i) => (own >= 0 && i > own ? String(key) : camel(String(key)))).join(".")
}

const complaining =
  (inWords: (text: string) => string): Complain =>
  (path, message, hint = null, tag = "ValueError") => {
    const place = path.join(".")
    const isPlaced = message.startsWith(place)
    return refuse(`${isPlaced ? spokenPath(path) : ""}${inWords(isPlaced ? message.slice(place.length) : message)}`, hint, tag)
  }
const complain = complaining(spoken)
/** What is said of files names paths, and no fields. */
const complainOfFile = complaining((text) => text)

/** The first complaint of a schema, as a ValueError. */
const decoded = <A>(schema: Schema.Top, value: unknown, what: string, nameOf: (path: Path) => string = spokenPath): A => {
  const standard = Schema.toStandardSchemaV1(schema as Schema.Codec<unknown>, { parseOptions: { onExcessProperty: "error" } })
  const result = standard["~standard"].validate(value)
  if (result instanceof Promise) throw new Error("a schema became asynchronous")
  const [issue] = result.issues ?? []
  if (issue === undefined) {
    const unsaid = unsaidIn(value)
    if (unsaid !== undefined) throw refuse(`${what}: ${inWords({ ...unsaid, path: [nameOf(unsaid.path)] })}`)
    return value as A
  }
  const name = nameOf((issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part)))
  // Of what an object of the caller's throws while it is looked at, its stack would follow.
  const message = issue.message.replace(/\n {4}at .*/s, "")
  throw refuse(
    `${what}: ${name === "" ? "" : `${name}: `}${spoken(message.replace(/^Expected/, "expected").replace("Missing key", "it is missing"))}.`
  )
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

/** The requests of a `resources` section. */
export const choiceOf = (resources: unknown): Choice<Request> => {
  const { items, kind } = split(decoded<Resources>(Resources, resources ?? {}, "Resources"))
  return { kind, items: items.map(requestOf) }
}

/** A request of one kind, checked. */
export const requestFrom = (fields: object): Request => {
  const { items, kind } = choiceOf(fields)
  if (kind !== "one") throw refuse("Resources: one kind of accelerator only. Give a Set or a list of Resources for a choice.")
  return items[0] ?? requestOf({})
}

const free = { usdPerHour: () => 0 }

/** USD; undefined where no price is known. So far it is where it is nothing. */
export const costOf = (need: Need, seconds: number): number | undefined =>
  getCost(need, seconds, (cloud) => (cloud === "local" || cloud === "ssh" ? free : undefined))

/** A task of fields as a file has them, its paths found and absolute. Texts are taken as they are: envs are replaced in files only. */
export const taskFrom = (fields: object): Task => {
  const task = checked({ ...fields }, complain)
  const unsaid = unsaidIn(task)
  if (unsaid !== undefined) throw refuse(inWords({ ...unsaid, path: [spokenPath(unsaid.path)] }))
  return findFiles(task, complainOfFile)
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

export const storageFrom = (fields: unknown) => {
  const storage = decoded<Storage>(Storage, fields, "Storage")
  const problem = storageProblem(storage)
  if (problem !== undefined) throw refuse(`Storage: ${spoken(problem.message)}.`, null, problem.error)
  return canonicalStorage(storage)
}

/** The options that say a section's fields under names of their own. */
const probeOptions: Readonly<Record<string, string>> = {
  path: "readinessPath",
  timeout_seconds: "readinessTimeoutSeconds",
  headers: "readinessHeaders"
}
const optionOf = ([section, field, ...rest]: Path): string => {
  const name = String(field ?? section)
  return [section === "readiness_probe" ? (probeOptions[name] ?? camel(name)) : camel(name), ...rest.map(String)].join(".")
}

/** Every default filled in, and a section like any other. Complaints are in the words of a section, or of the options that made it. */
export const serviceFrom = (section: unknown, by: "section" | "options") => {
  const nameOf = by === "section" ? (path: Path) => path.map(String).join(".") : optionOf
  const service = decoded<Service>(Service, section, "SkyServiceSpec", nameOf)
  const { error, message = "" } = serviceProblem(service) ?? {}
  if (error !== undefined) {
    const said = by === "section" ? message : spoken(message.replace(/^replica_policy: /, ""))
    throw refuse(`SkyServiceSpec: ${said}.`, null, error)
  }
  const { readiness_probe: probe, replica_policy } = canonicalService(service)
  const { post_data } = probe
  const isMapping = typeof post_data === "object" && post_data !== null && !Array.isArray(post_data)
  return {
    readiness_probe: post_data === undefined || isMapping ? probe : { ...probe, post_data: JSON.stringify(post_data) },
    replica_policy
  }
}
