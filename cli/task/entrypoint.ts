/**
 * What to run: a YAML file or a command. A word that ends in .yaml or .yml is a file, and one that is missing is an error, not a command.
 * Any other file is a task only if fields are in it: `sky exec c ./train.sh` runs the script. The parser is loaded only for files.
 */
import { statSync } from "node:fs"
import { usageError } from "../render/error.ts"
import type { Draft } from "./options.ts"

/** What a task is called that is a command. */
export const commandName = "sky-cmd"

export const loadEntrypoint = (words: ReadonlyArray<string>, loadFile: () => typeof import("./yaml.ts").loadTask): Draft => {
  const text = words.join(" ")
  if (words.length === 0) return {}
  if (text.trim() === "") throw usageError("The command is empty.")
  const named = words.length === 1 && /\.ya?ml$/i.test(text)
  const found = text.includes("\0") || text.length > 4_000 ? undefined : statSync(text, { throwIfNoEntry: false })
  if (named && found === undefined) throw usageError(`There is no file '${text}'.`)
  if (named && !found!.isFile()) throw usageError(`${text} is not a file.`)
  const draft = named || found?.isFile() ? loadFile()(text, named) : undefined
  return draft ?? { name: commandName, run: text }
}
