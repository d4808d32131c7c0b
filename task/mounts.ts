/** `file_mounts`: what lies where on the nodes. Files, folders and buckets by their path, or storage written out. Pure. */
import * as Schema from "effect/Schema"
import { bucketOf, isUrl } from "./bucket-names.ts"
import { pathProblem } from "./names.ts"
import { type Problem, type Refusal, refusal } from "./Refusal.ts"
import { canonicalStorage, Storage, storageProblem } from "./Storage.ts"

export const FileMounts = Schema.Record(Schema.String, Schema.Union([Schema.String, Storage]))
export type FileMounts = typeof FileMounts.Type

/** Where workdir lies, below the node's home; relative targets lie in it. */
export const workdirFolder = "sky_workdir"

/** A target as a path below the node's home, "" for the home itself; null when it is outside. */
export const homePathOf = (target: string): string | null => {
  if (target.startsWith("/")) return null
  const path = target === "~" ? "" : target.startsWith("~/") ? target.slice(2) : `${workdirFolder}/${target}`
  const names: Array<string> = []
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue
    if (name !== "..") names.push(name)
    else if (names.pop() === undefined) return null
  }
  return names.join("/")
}

type Mounted = { readonly file_mounts?: FileMounts | null | undefined }
const entriesOf = (task: Mounted) => Object.entries(task.file_mounts ?? {})

/** Paths and addresses of buckets, by target. */
export const fileMountsOf = (task: Mounted): Readonly<Record<string, string>> =>
  Object.fromEntries(entriesOf(task).filter((entry): entry is [string, string] => typeof entry[1] === "string"))
export const storageMountsOf = (task: Mounted): Readonly<Record<string, Storage>> =>
  Object.fromEntries(entriesOf(task).filter((entry): entry is [string, Storage] => typeof entry[1] !== "string"))

/** Files and folders of the caller's machine, by target. */
export const localMountsOf = (task: Mounted) =>
  Object.entries(fileMountsOf(task))
    .map(([target, source]) => ({ target, source }))
    .filter(({ source }) => !isUrl(source))

const slash = "ends with a slash: write /mydir: /mydir or /myfile: /myfile"

const fileProblem = (target: string, source: string): string | undefined => {
  if (isUrl(target)) return "the target is a bucket, and targets are paths on the nodes"
  if (target.endsWith("/")) return `the target ${slash}`
  const odd = isUrl(source) ? source.includes("\0") && "holds a zero byte" : pathProblem(source)
  if (odd) return `the source ${odd}`
  if (source.endsWith("/")) return `the source '${source}' ${slash}`
  if (source === "") return "expected a path or a bucket as source, got an empty text"
  if (isUrl(source) && bucketOf(source) === undefined) return `'${source}' cannot be fetched: buckets are s3://, gs://, r2:// and cos://`
  return undefined
}

const mountProblem = (target: string, source: string | Storage, workdir: boolean): Refusal | undefined => {
  const problem =
    typeof source === "string" ? fileProblem(target, source) : isUrl(target) && "the target is a bucket, and targets are paths on the nodes"
  if (problem) return refusal("ValueError", problem)
  if (workdir && homePathOf(target) === workdirFolder)
    return refusal("ValueError", `the target is where workdir goes: choose another, or leave out workdir`)
  return typeof source === "string" ? undefined : storageProblem(source)
}

export const mountProblems = (task: Mounted & { readonly workdir?: string | null | undefined }): ReadonlyArray<Problem> =>
  entriesOf(task).flatMap(([target, source]) => {
    const odd = pathProblem(target)
    if (odd !== undefined) return [{ path: ["file_mounts"], refusal: refusal("ValueError", `a target ${odd}`) }]
    const found = mountProblem(target, source, typeof task.workdir === "string")
    return found === undefined ? [] : [{ path: ["file_mounts", target], refusal: found }]
  })

/** What needs the issue on storage: buckets as sources, and storage of any kind (contract, D38). */
export const bucketMountsOf = (task: Mounted): ReadonlyArray<string> =>
  entriesOf(task).flatMap(([target, source]) => (typeof source === "string" && !isUrl(source) ? [] : [target]))

/** Storage that is seen through a mount, for which a node needs FUSE. */
export const needsFuse = (task: Mounted): boolean =>
  Object.values(storageMountsOf(task)).some((storage) => canonicalStorage(storage).mode === "MOUNT")
