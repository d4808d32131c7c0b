/** `sky.Storage`: a bucket that a task mounts or copies. */
import { type Maybe, options } from "./arguments.ts"
import type { StorageMode, StoreType } from "./enums.ts"
import { toFile } from "./field-names.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"

export interface StorageOptions {
  /** Of the bucket that is made, or used again. */
  readonly name?: Maybe<string>
  /** A folder, or a list of files, of this machine; or the address of a bucket: `s3://`, `gs://`, `r2://`, `cos://`. */
  readonly source?: Maybe<string | ReadonlyArray<string>>
  /** Where a new bucket is made; null lets the system choose. */
  readonly store?: Maybe<StoreType | string>
  /** `MOUNT` where nothing is said. */
  readonly mode?: Maybe<StorageMode | string>
  /** Whether the bucket outlives the cluster; true where nothing is said. */
  readonly persistent?: Maybe<boolean>
}

/** A section of a task file, as it is; it may hold what no option says. */
const section = Symbol("section")
interface Sectioned extends StorageOptions {
  readonly [section]: unknown
}
const isSectioned = (given: Maybe<StorageOptions>): given is Sectioned => typeof given === "object" && given !== null && section in given

const names = ["name", "source", "store", "mode", "persistent"] as const

/** A bucket. Immutable. Throws a `StorageSpecError` of the kind that fits for what cannot be. */
export class Storage {
  readonly name: string | null
  readonly source: string | ReadonlyArray<string> | null
  readonly store: StoreType | null
  readonly mode: StorageMode
  readonly persistent: boolean
  readonly #forced: boolean

  constructor(given?: Maybe<StorageOptions>) {
    const fields = isSectioned(given) ? given[section] : toFile(options(given, names, "Storage"))
    const { _force_delete, mode, name, persistent, source, store } = orException(() => values().storageFrom(fields))
    this.#forced = _force_delete
    this.name = name
    this.source = typeof source === "string" || source === null ? source : Object.freeze([...source])
    this.store = store
    this.mode = mode
    this.persistent = persistent
    Object.freeze(this)
  }

  /** As a task file writes it under `file_mounts`. */
  toYamlConfig(): Record<string, unknown> {
    const { mode, name, persistent, source, store } = this
    return {
      ...(name === null ? {} : { name }),
      ...(source === null ? {} : { source: typeof source === "string" ? source : [...source] }),
      ...(store === null ? {} : { store }),
      mode,
      persistent,
      ...(this.#forced ? { _force_delete: true } : {})
    }
  }
}

export const storageOf = (fields: object): Storage => {
  const asked: Sectioned = { [section]: fields }
  return new Storage(asked)
}
