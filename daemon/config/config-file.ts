/**
 * The user's `config.yaml`: in the state folder, where $SKYPILOT_CONFIG says, or where SkyPilot has it. Of it a cloud takes the mapping of
 * its own name; keys that are for others are the others' affair. Read anew when it has changed.
 */
import { stat } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { inner } from "../../task/sentence.ts"
import { inTime, readSmall, stampOf } from "../home/small-file.ts"

/** A sentence that names the file. */
export class ConfigError extends Error {}

export interface ConfigFile {
  /** Null: there is none. */
  readonly file: string | null
  readonly fields: Readonly<Record<string, unknown>>
}

const none: ConfigFile = { file: null, fields: {} }
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const filesOf = (home: string): ReadonlyArray<{ readonly file: string; readonly isNamed: boolean }> => {
  const named = process.env["SKYPILOT_CONFIG"]
  const usual = join(process.env["HOME"] || homedir(), ".sky", "config.yaml")
  return [
    { file: join(home, "config.yaml"), isNamed: false },
    ...(named ? [{ file: named.replace(/^~(?=\/)/, process.env["HOME"] || homedir()), isNamed: true }] : [{ file: usual, isNamed: false }])
  ]
}

const read = async (file: string): Promise<ConfigFile> => {
  const text = await readSmall(file).catch((error: Error) => {
    throw new ConfigError(`${file} cannot be read: ${inner(error.message)}.`)
  })
  // What reads YAML is loaded by those who have such a file.
  const { parse } = await import("yaml")
  try {
    const fields: unknown = parse(text, { maxAliasCount: 100 })
    if (fields === null || fields === undefined) return { file, fields: {} }
    if (isMapping(fields)) return { file, fields }
  } catch (error) {
    throw new ConfigError(`${file} is no YAML: ${(error as Error).message.split("\n")[0]!.replace(/[.:]$/, "")}.`)
  }
  throw new ConfigError(`${file}: expected a mapping.`)
}

/** Rejects with a `ConfigError`. */
export const openConfig = (home: string): (() => Promise<ConfigFile>) => {
  let last: { readonly seen: string; readonly known: Promise<ConfigFile> } | undefined
  return async () => {
    for (const { file, isNamed } of filesOf(home)) {
      const found = await inTime(`${file}/`, () => stat(file)).catch((error: NodeJS.ErrnoException) => {
        if (!isNamed && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null
        throw new ConfigError(`${file} cannot be read: ${error.message}.`)
      })
      if (found === null) continue
      const seen = `${file} ${stampOf(found)}`
      if (last?.seen !== seen) last = { seen, known: read(file) }
      return last.known
    }
    return none
  }
}
