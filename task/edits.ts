/** Changes to a task, each a new value. What comes of them is held against the rules of `Task` like any other value. Pure. */
import * as Result from "effect/Result"
import { type FileMounts, fileMountsOf, storageMountsOf } from "./mounts.ts"
import { type Refusal, refusal } from "./Refusal.ts"
import type { Storage } from "./Storage.ts"
import type { Task } from "./Task.ts"

export type Envs = Readonly<Record<string, string>>
type Pair = readonly [name: string, value: string]

const bad = (message: string) => Result.fail(refusal("ValueError", message))
const isPair = (pair: unknown): pair is Pair => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string")

/** Pairs, or a mapping; null changes nothing. Merged, and the last value wins, but a list that names one twice is a mistake. */
export const updateEnvs = (task: Task, envs: ReadonlyArray<Pair> | Envs | null | undefined): Result.Result<Task, Refusal> => {
  if (envs === null || envs === undefined) return Result.succeed(task)
  const isList = Array.isArray(envs)
  if (typeof envs !== "object" || (!isList && Symbol.iterator in envs))
    return bad("envs are a mapping, or a list of pairs of a name and a value")
  const pairs: ReadonlyArray<unknown> = isList ? envs : Object.entries(envs)
  const odd = pairs.find((pair) => !isPair(pair))
  if (odd !== undefined || !pairs.every(isPair))
    return bad(Array.isArray(odd) && odd.length === 2 ? `env '${odd[0]}' takes text` : "envs as a list are pairs of a name and a value")
  const names = pairs.map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return bad(`env '${twice}' is there twice`)
  return Result.succeed({ ...task, envs: { ...task.envs, ...Object.fromEntries(pairs) } })
}

/** A path holds one thing: what is named last, be it files or a bucket. */
const withMounts = ({ file_mounts: _, ...rest }: Task, mounts: FileMounts): Task =>
  Object.keys(mounts).length === 0 ? rest : { ...rest, file_mounts: mounts }

/** Null clears them. */
export const setFileMounts = (task: Task, mounts: Readonly<Record<string, string>> | null): Task =>
  withMounts(task, { ...storageMountsOf(task), ...mounts })
/** Null clears them. */
export const setStorageMounts = (task: Task, mounts: Readonly<Record<string, Storage>> | null): Task =>
  withMounts(task, { ...fileMountsOf(task), ...mounts })
/** Of either kind; null changes nothing (contract, D35). */
export const updateMounts = (task: Task, mounts: FileMounts | null): Task => withMounts(task, { ...task.file_mounts, ...mounts })
