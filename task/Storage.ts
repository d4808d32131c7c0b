/**
 * Inline storage of `file_mounts`: a bucket, what is uploaded into it, and how nodes see it. Whether paths exist is the client's to look
 * at.
 */
import * as Schema from "effect/Schema"
import { bucketNameProblem, bucketOf, isUrl } from "./bucket-names.ts"
import { pathProblem } from "./names.ts"
import { type Refusal, refusal } from "./Refusal.ts"

const stores = ["S3", "GCS", "AZURE", "R2", "IBM"] as const
const modes = ["MOUNT", "COPY"] as const

/** In any case of letters; kept as written. */
const oneOf = (words: ReadonlyArray<string>) =>
  Schema.optionalKey(
    Schema.NullOr(
      Schema.String.check(Schema.makeFilter((s) => words.includes(s.toUpperCase()) || `expected one of ${words.join(", ")}, got '${s}'`))
    )
  )

export const Storage = Schema.Struct({
  /** Of the bucket that is made, or used again. */
  name: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** A folder or files of the caller's machine, or the address of a bucket that exists. */
  source: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.NonEmptyArray(Schema.String)]))),
  store: oneOf(stores),
  /** Seen through a mount, or copied to the node's disk. */
  mode: oneOf(modes),
  /** Whether the bucket outlives the cluster. */
  persistent: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  _force_delete: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export type Storage = typeof Storage.Type

/** With every default filled in. */
export interface CanonicalStorage {
  readonly name: string | null
  readonly source: string | ReadonlyArray<string> | null
  readonly store: (typeof stores)[number] | null
  readonly mode: (typeof modes)[number]
  readonly persistent: boolean
  readonly _force_delete: boolean
}

const bucketSource = ({ source }: Storage) => (typeof source === "string" ? bucketOf(source) : undefined)

export const canonicalStorage = (storage: Storage): CanonicalStorage => ({
  name: storage.name ?? null,
  source: storage.source ?? null,
  store: (storage.store?.toUpperCase() as CanonicalStorage["store"]) ?? bucketSource(storage)?.store ?? null,
  mode: (storage.mode?.toUpperCase() as CanonicalStorage["mode"]) ?? "MOUNT",
  persistent: storage.persistent ?? true,
  _force_delete: storage._force_delete ?? false
})

/** What it is called: by its own name, or by that of the bucket that it stands on. */
export const bucketNameOf = (storage: Storage): string | null => storage.name ?? bucketSource(storage)?.bucket ?? null

/** The paths of the caller's machine that it uploads. */
export const localSourcesOf = (storage: Storage): ReadonlyArray<string> => {
  const { source } = storage
  if (source === undefined || source === null || bucketSource(storage) !== undefined) return []
  return typeof source === "string" ? [source] : source
}

const sameNames = (paths: ReadonlyArray<string>): string | undefined => {
  const names = paths.map((path) => path.replace(/\/+$/, "").split("/").at(-1) ?? "")
  return names.find((name, i) => names.indexOf(name) !== i)
}

const sourceProblem = (storage: Storage): Refusal | undefined => {
  const { name, source } = storage
  const { mode } = canonicalStorage(storage)
  const bucket = bucketSource(storage)
  if (bucket !== undefined) {
    if (name) return refusal("StorageSpecError", "name and a bucket as source exclude each other: the bucket has its name already")
    if (mode === "MOUNT" && bucket.path !== "")
      return refusal("StorageModeError", `'${source}' is a folder of a bucket, and only whole buckets are mounted: use mode: COPY`)
    return undefined
  }
  if (source === undefined || source === null) {
    if (mode === "COPY") return refusal("StorageSourceError", "mode COPY needs a source")
    return name ? undefined : refusal("StorageSpecError", "expected a name, for a bucket of your own, or a source")
  }
  const paths = localSourcesOf(storage)
  const odd = paths.map(pathProblem).find((problem) => problem !== undefined)
  if (odd !== undefined) return refusal("StorageSourceError", `a source ${odd}`)
  const url = paths.find(isUrl)
  if (url !== undefined)
    return refusal(
      "StorageSourceError",
      `'${url}' is no path of this machine: a bucket is a source alone, as s3://, gs://, r2:// or cos://`
    )
  if (!name) return refusal("StorageNameError", "a source on this machine needs a name for its bucket")
  const slash = paths.find((path) => path.endsWith("/"))
  if (slash !== undefined) return refusal("StorageSourceError", `source '${slash}' ends with a slash: write it without`)
  const twice = sameNames(paths)
  return twice === undefined ? undefined : refusal("StorageSourceError", `two sources are called '${twice}'`)
}

/** What is wrong with it, as far as can be told without looking at files and buckets. */
export const storageProblem = (storage: Storage): Refusal | undefined => {
  const { name, store } = canonicalStorage(storage)
  const [scheme] = /^(s3|gs|r2|cos|https):\/\//i.exec(name ?? "") ?? []
  if (scheme !== undefined)
    return refusal(
      "StorageNameError",
      `name '${name}' begins with ${scheme}: an existing bucket is named as source, a new one by name and store`
    )
  const problem = sourceProblem(storage)
  if (problem !== undefined || store === null) return problem
  if (store === "AZURE") return refusal("StorageSpecError", "buckets of Azure are not supported: use S3, GCS, R2 or IBM")
  const named = bucketNameProblem(store, bucketNameOf(storage) ?? "")
  return named === undefined ? undefined : refusal("StorageNameError", named)
}
