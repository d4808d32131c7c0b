/**
 * A task: what to run, where from, and on what. One shape for the YAML file, the wire and the log.
 * Pure: whether workdir and the sources of mounts exist is checked where files can be looked at, by the client.
 */
import * as Schema from "effect/Schema"
import { illFormedIn } from "./ill-formed.ts"
import { FileMounts, mountProblems, needsFuse } from "./mounts.ts"
import { envNamePattern, pathProblem, taskNamePattern } from "./names.ts"
import { type Problem, refusal } from "./Refusal.ts"
import { Resources } from "./Resources.ts"
import { PlainMapping, Service, serviceProblem } from "./Service.ts"
import { bytesOf, scriptMaxBytes } from "./script.ts"
import { doubleProblem, loginProblem } from "./secrets.ts"

export const taskMaxBytes = 200 * 1024
export const nodesMax = 1024

/** One `name=value` that the kernel takes, with its final zero. */
const envMaxBytes = 128 * 1024
const hasZero = (text: string) => text.includes("\u0000") && "holds a zero byte, which no program can be given"

const optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Script = Schema.String.check(
  Schema.makeFilter(
    (s) => hasZero(s) || bytesOf(s) <= scriptMaxBytes || `longer than ${scriptMaxBytes / 1024} KiB: put it into a file of the workdir`
  )
)
const EnvValue = Schema.String.check(
  Schema.makeFilter(
    (s) =>
      hasZero(s) || bytesOf(s) + 1 < envMaxBytes || `an env holds less than ${envMaxBytes / 1024} KiB: put it into a file of the workdir`
  )
)
const Envs = Schema.Record(Schema.String, EnvValue).check(
  Schema.makeFilter((envs) =>
    Object.keys(envs)
      .filter((name) => !envNamePattern.test(name))
      .map((name) => ({ path: [name], issue: `'${name}' is no name for an env: letters, digits and _ only` }))
  )
)
/** The address of a bucket, and GB that are read from it or written to it. */
const Estimate = Schema.Record(
  Schema.String,
  Schema.Number.check(Schema.makeFilter((n) => (Number.isFinite(n) && n >= 0) || "expected GB, from 0"))
).check(Schema.makeFilter((estimate) => Object.keys(estimate).length <= 1 || "expected one bucket and its GB"))

/** What the parts say together, each with its place. */
export const problemsOf = (task: typeof TaskFields.Type): ReadonlyArray<Problem> => {
  const service = task.service ? serviceProblem(task.service) : undefined
  const double = doubleProblem(task)
  const login = loginProblem(task)
  const broken = illFormedIn(task)
  return [
    ...(broken === undefined
      ? []
      : [{ path: broken, refusal: refusal("ValueError", "holds half a character, which no program can be given") }]),
    ...mountProblems(task),
    ...(service === undefined ? [] : [{ ...service, path: ["service", ...service.path] }]),
    ...(double === undefined ? [] : [{ path: ["secrets"], refusal: refusal("ValueError", double) }]),
    ...(login === undefined ? [] : [{ path: ["envs"], refusal: refusal("ValueError", login) }])
  ]
}

export const TaskFields = Schema.Struct({
  name: optional(
    Schema.String.check(
      Schema.makeFilter((s) => taskNamePattern.test(s) || "invalid task name: letters and digits, with single . _ - between them")
    )
  ),
  /** A folder of the caller's machine; on the wire it is absolute. */
  workdir: optional(Schema.String.check(Schema.makeFilter((s) => pathProblem(s)))),
  num_nodes: optional(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: nodesMax }, { message: `expected a whole number from 1 to ${nodesMax}` }))
  ),
  resources: optional(Resources),
  envs: optional(Envs),
  /** Envs whose values are in no fact and are never shown, whatever their name. */
  secrets: optional(Envs),
  /** By target on the nodes. Sources of the caller's machine are absolute on the wire. */
  file_mounts: optional(FileMounts),
  setup: optional(Script),
  run: optional(Script),
  service: optional(Service),
  event_callback: optional(Script),
  inputs: optional(Estimate),
  outputs: optional(Estimate),
  /** Overrides of the user's configuration; `experimental` is its older name. */
  config: optional(PlainMapping),
  experimental: optional(PlainMapping)
})

export const Task = TaskFields.check(
  Schema.makeFilter((task) => problemsOf(task).map(({ path, refusal }) => ({ path, issue: refusal.message }))),
  Schema.makeFilter(
    (task) =>
      bytesOf(JSON.stringify(task)) <= taskMaxBytes ||
      `the task is larger than ${taskMaxBytes / 1024} KiB: put large texts into files of the workdir`
  )
)
export type Task = typeof Task.Type

/** Nodes that the task wants: 1 when it does not say. */
export const numNodesOf = (task: { readonly num_nodes?: number | null | undefined }): number => task.num_nodes ?? 1

/** Whether there is a program to run; without one a launch only provisions. */
export const hasRun = (task: { readonly run?: string | null | undefined }): boolean => (task.run ?? "").trim() !== ""
export const hasSetup = (task: { readonly setup?: string | null | undefined }): boolean => (task.setup ?? "").trim() !== ""

/** What the task alone needs of a cloud, whatever its resources need. */
export const featuresOf = (task: Task): ReadonlySet<"MULTI_NODE" | "STORAGE_MOUNTING"> =>
  new Set([...(numNodesOf(task) > 1 ? (["MULTI_NODE"] as const) : []), ...(needsFuse(task) ? (["STORAGE_MOUNTING"] as const) : [])])
