/** What the words of launch and exec say: the one task of a file, or a command. */
import { looksLikeTask, type Pipeline, readPipeline, type Source } from "../../sdk/task/document.ts"
import { readText } from "../../sdk/task/read-text.ts"
import { refuse } from "../../sdk/task/refuse.ts"
import { usageError } from "../render/error.ts"
import { command, isNamedYaml, look } from "./entrypoint.ts"
import { explainFile } from "./missing-file.ts"

/** All tasks of a file, at least one. */
export const loadPipeline = (path: string): Pipeline => {
  const found = look(path)
  if (!found?.isFile()) throw explainFile(path, found)
  const pipeline = readPipeline(readText(path), path)
  if (pipeline.tasks.length === 0) throw refuse(`${path} is empty.`, "A task needs at least: run: COMMAND")
  return pipeline
}

const loadOne = (path: string): Source => {
  const { tasks } = loadPipeline(path)
  const [source, ...others] = tasks
  if (others.length > 0)
    throw refuse(
      `${path} holds ${tasks.length} tasks, a pipeline: launch and exec take one task a file.`,
      "Write each into a file of its own."
    )
  return source!
}

const ofCommand = (run?: string): Source => ({
  fields: run === undefined ? {} : { ...command(run) },
  complain: (_, message, hint, tag) => refuse(message, hint, tag)
})

/** A file that is not named as YAML is a task only if it is one mapping; else it is a program to run. */
const isProgram = (path: string) => {
  try {
    return !looksLikeTask(readText(path))
  } catch {
    return true
  }
}

export const sourceOf = (words: ReadonlyArray<string>): Source => {
  const text = words.join(" ")
  if (words.length === 0) return ofCommand()
  if (text.trim() === "") throw usageError("The command is empty.")
  const found = look(text)
  if (isNamedYaml(words)) return loadOne(text)
  if (found?.isFile()) return isProgram(text) ? ofCommand(text) : loadOne(text)
  if (found && /^\.|\//.test(text)) throw explainFile(text, found)
  return ofCommand(text)
}
