/**
 * What to run: a YAML file or a command. A word that ends in .yaml or .yml is a file, and one that is missing is an error, not a command.
 * Any other file is a task only if fields are in it: `sky exec c ./train.sh` runs the script. A path to what is no file, a folder or a
 * device, is neither. What is plainly a command is told here; the rest is read in task-file.ts, loaded only then.
 */
import { statSync } from "node:fs"
import type { Task } from "../../task/Task.ts"

/** What a task is called that is a command. */
const commandName = "sky-cmd"

/** A text that is too long for a path, or holds a NUL, is none. */
export const look = (text: string) => {
  try {
    return statSync(text)
  } catch {
    return undefined
  }
}

export const command = (run: string): Task => ({ name: commandName, run })
export const isNamedYaml = (words: ReadonlyArray<string>) => words.length === 1 && /\.ya?ml$/i.test(words[0]!)

/** Undefined for whatever takes a closer look. */
export const plainCommand = (words: ReadonlyArray<string>): Task | undefined => {
  const text = words.join(" ")
  return text.trim() === "" || isNamedYaml(words) || look(text) ? undefined : command(text)
}
