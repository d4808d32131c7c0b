/**
 * A task: what to run, where from, and on what. One shape for the YAML file, the wire and the log.
 * Pure: whether the workdir exists is checked where files can be looked at, by the client.
 */
import * as Schema from "effect/Schema"
import { envNamePattern, taskNamePattern } from "./names.ts"
import { Resources } from "./Resources.ts"

/** Larger texts belong into the workdir: a fact holds at most 256 KiB. */
const scriptMaxBytes = 96 * 1024
const taskMaxBytes = 200 * 1024
const encoder = new TextEncoder()
const bytesOf = (text: string) => encoder.encode(text).length
export const nodesMax = 1024

/** One `name=value` that the kernel takes, with its final zero. */
const envMaxBytes = 128 * 1024
const hasZero = (text: string) => text.includes("\u0000") && "holds a zero byte, which no program can be given"

const Script = Schema.String.check(
  Schema.makeFilter(
    (s) => hasZero(s) || bytesOf(s) <= scriptMaxBytes || `longer than ${scriptMaxBytes / 1024} KiB: put it into a file of the workdir`
  )
)
const EnvName = Schema.String.check(Schema.makeFilter((s) => envNamePattern.test(s) || `invalid name '${s}': letters, digits and _ only`))

export const Task = Schema.Struct({
  name: Schema.optionalKey(
    Schema.NullOr(
      Schema.String.check(
        Schema.makeFilter((s) => taskNamePattern.test(s) || "invalid task name: letters and digits, with single . _ - between them")
      )
    )
  ),
  /** A folder of the caller's machine; on the wire it is absolute. */
  workdir: Schema.optionalKey(Schema.NullOr(Schema.NonEmptyString)),
  num_nodes: Schema.optionalKey(
    Schema.NullOr(Schema.Int.check(Schema.makeFilter((n) => (n >= 1 && n <= nodesMax) || `expected a whole number from 1 to ${nodesMax}`)))
  ),
  resources: Schema.optionalKey(Schema.NullOr(Resources)),
  envs: Schema.optionalKey(
    Schema.NullOr(
      Schema.Record(
        EnvName,
        Schema.String.check(
          Schema.makeFilter(
            (s) =>
              hasZero(s) ||
              bytesOf(s) + 1 < envMaxBytes ||
              `an env holds less than ${envMaxBytes / 1024} KiB: put it into a file of the workdir`
          )
        )
      )
    )
  ),
  setup: Schema.optionalKey(Schema.NullOr(Script)),
  run: Schema.optionalKey(Schema.NullOr(Script))
}).check(
  Schema.makeFilter(
    (task) =>
      bytesOf(JSON.stringify(task)) <= taskMaxBytes ||
      `the task is larger than ${taskMaxBytes / 1024} KiB: put large texts into files of the workdir`
  )
)
export type Task = typeof Task.Type

/** Nodes that the task wants: 1 when it does not say. */
export const numNodesOf = (task: Task): number => task.num_nodes ?? 1

/** Whether there is a program to run; without one a launch only provisions. */
export const hasRun = (task: Task): boolean => (task.run ?? "").trim() !== ""
export const hasSetup = (task: Task): boolean => (task.setup ?? "").trim() !== ""
