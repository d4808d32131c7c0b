/** What callers give to a `Task`, checked for its kind before task/ looks at what it says. */
import type { Storage as StorageSection } from "../../task/Storage.ts"
import type { Task as TaskSection } from "../../task/Task.ts"
import { isPlain } from "../../task/unsaid.ts"
import { type Maybe, shown } from "./arguments.ts"
import { ValueError } from "./exceptions.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"
import { allResources, Resources } from "./Resources.ts"
import { Storage } from "./Storage.ts"

/**
 * The command of each node, by its rank (from 0) and the addresses of all nodes in rank order; `null` runs nothing there. It is called
 * here, once for each node, when their addresses are known; only its texts travel, together at most 96 KiB; a text that several nodes share
 * counts once.
 */
export type RunFunction = (rank: number, addresses: string[]) => string | null | undefined

/** All optional; `null` and absent are the same. */
export interface TaskOptions {
  /** For display. */
  readonly name?: Maybe<string>
  /** Shell text, run on each node before `run`, under the workdir. */
  readonly setup?: Maybe<string>
  /** Shell text, the same on each node; or a function that gives each node its own. */
  readonly run?: Maybe<string | RunFunction>
  /** Set before `setup` and before `run`. Values whose names hold TOKEN, SECRET, PASSW, KEY or CRED are never recorded. */
  readonly envs?: Maybe<Readonly<Record<string, string>>>
  /** As `envs`; never recorded, whatever their names. */
  readonly secrets?: Maybe<Readonly<Record<string, string>>>
  /** A folder of this machine, copied to every node; `setup` and `run` work in the copy. */
  readonly workdir?: Maybe<string>
  /** 1 where nothing is said. */
  readonly numNodes?: Maybe<number>
  /** Only for a backend of local docker, which skyd does not have: carried, without effect. */
  readonly dockerImage?: Maybe<string>
  /** Carried. */
  readonly eventCallback?: Maybe<string>
  /** What the task must not get. */
  readonly blockedResources?: Maybe<Iterable<Resources>>
}

export const taskNames = [
  "name",
  "setup",
  "run",
  "envs",
  "secrets",
  "workdir",
  "numNodes",
  "dockerImage",
  "eventCallback",
  "blockedResources"
] as const

export const dockerImageDefault = "gpuci/miniforge-cuda:11.4-devel-ubuntu18.04"

/** Several are a choice: of a list the first that can be had, of a Set the cheapest. */
export type ResourcesChoice = Resources | ReadonlyArray<Resources> | ReadonlySet<Resources>

export const sectionOf = (given: ResourcesChoice): unknown => {
  if (given instanceof Resources) return given.toYamlConfig()
  const items = allResources(given, "setResources").map((one) => one.toYamlConfig())
  if (items.length === 0) throw new ValueError("setResources takes at least one of them.")
  return given instanceof Set ? { any_of: items } : { ordered: items }
}

export const runFrom = (run: TaskOptions["run"]): RunFunction | null => {
  if (run === null || run === undefined || typeof run === "string") return null
  if (typeof run !== "function") throw new ValueError(`run takes shell text or a function, got ${shown(run)}.`)
  if (run.length > 2) throw new ValueError(`A run function takes a rank and a list of addresses, not ${run.length} parameters.`)
  return run
}

export const withEnvs = (task: TaskSection, envs: Parameters<ReturnType<typeof values>["updateEnvs"]>[1]): TaskSection => {
  if (envs !== null && envs !== undefined && !Array.isArray(envs) && !isPlain(envs))
    throw new ValueError(`envs takes an object of names and values, or a list of pairs of them, got ${shown(envs)}.`)
  return orException(() => values().updateEnvs(task, envs))
}

const mapped = <A, B>(given: unknown, of: string, values: string, take: (target: string, value: A) => B): Record<string, B> => {
  if (!isPlain(given)) throw new ValueError(`${of} takes an object of ${values}, got ${shown(given)}.`)
  return Object.fromEntries(Object.entries(given as Record<string, A>).map(([target, value]) => [target, take(target, value)]))
}

export const filesFrom = (given: unknown, of: string): Record<string, string> =>
  mapped(given, of, "targets and sources", (target, source: unknown) => {
    if (typeof source === "string") return source
    throw new ValueError(`${of}: the source of ${target} is a path or the address of a bucket, got ${shown(source)}.`)
  })

export const storagesFrom = (given: unknown, of: string): Record<string, StorageSection> =>
  mapped(given, of, "paths and sky.Storage", (target, storage: unknown) => {
    if (storage instanceof Storage) return storage.toYamlConfig()
    throw new ValueError(`${of}: ${target} takes a sky.Storage, got ${shown(storage)}.`)
  })
