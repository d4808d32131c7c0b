/**
 * What to run: a YAML file or a command. A word that ends in .yaml or .yml is a file, and one that is missing is an error, not a command.
 * Any other file is a task only if fields are in it: `sky exec c ./train.sh` runs the script. A path to what is no file, a folder or a
 * device, is neither. The parser is loaded only for files.
 */
import { statSync } from "node:fs"
import { usageError } from "../render/error.ts"
import type { Draft } from "./options.ts"

/** What a task is called that is a command. */
export const commandName = "sky-cmd"

/** A text that is too long for a path, or holds a NUL, is none. */
const look = (text: string) => {
  try {
    return statSync(text)
  } catch {
    return undefined
  }
}

/** What reads files, loaded only when one is named. */
export type Reading = Pick<typeof import("../more.ts"), "loadTask" | "explainFile">

export const loadEntrypoint = (words: ReadonlyArray<string>, reading: () => Reading): Draft => {
  const text = words.join(" ")
  if (words.length === 0) return {}
  if (text.trim() === "") throw usageError("The command is empty.")
  const named = words.length === 1 && /\.ya?ml$/i.test(text)
  const found = look(text)
  const isFile = found?.isFile()
  if (!isFile && (named || (found && /^\.|\//.test(text)))) throw reading().explainFile(text, found)
  const draft = isFile ? reading().loadTask(text, named) : undefined
  return draft ?? { name: commandName, run: text }
}
