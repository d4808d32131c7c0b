/** Envs and secrets of the command line: NAME=value, or a bare NAME that is taken from here; files come first. */
import type { Given } from "../../sdk/task/read-task.ts"
import { fileMaxBytes, readAtMost, whyUnread } from "../../sdk/task/read-text.ts"
import { envNamePattern } from "../../task/names.ts"
import { usageError } from "../render/error.ts"
import { parseEnvFile } from "./env-file.ts"
import type { TaskFlags } from "./options.ts"

const readFile = (path: string, flag: string): string => {
  let bytes: Buffer | undefined
  try {
    bytes = readAtMost(path, fileMaxBytes)
  } catch (cause) {
    throw usageError(`${flag} ${path} cannot be read: ${whyUnread(cause)}.`)
  }
  if (bytes === undefined) throw usageError(`${flag} ${path} is larger than ${fileMaxBytes / 1024} KiB: no task takes so much.`)
  return bytes.toString("utf8")
}

const valuesOf = (flag: "env" | "secret", flags: TaskFlags): Record<string, string> => {
  const file = flags[`${flag}-file`]
  const values = file === undefined ? {} : parseEnvFile(readFile(file, `--${flag}-file`), file)
  for (const pair of flags[flag] ?? []) {
    const at = pair.indexOf("=")
    const name = at < 0 ? pair : pair.slice(0, at)
    const value = at < 0 ? process.env[name] : pair.slice(at + 1)
    if (!envNamePattern.test(name)) throw usageError(`--${flag} takes NAME=value or NAME, and '${name}' is no name.`)
    if (value === undefined) throw usageError(`${flag} '${name}' has no value: it is not set here.`, `Give it one: --${flag} ${name}=…`)
    values[name] = value
  }
  return values
}

export const givenBy = (flags: TaskFlags): Given => ({ envs: valuesOf("env", flags), secrets: valuesOf("secret", flags) })
