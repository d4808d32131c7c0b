/** `sky exec` of a file, or with flags of a task: off the hot path. */
import type { Task } from "../../task/Task.ts"
import { stderr } from "../out.ts"
import { taskOf, withoutMachine } from "../task/flags.ts"
import { carriedOnly, notMounted } from "../task/notes.ts"
import { type TaskFlags, taskOptions } from "../task/options.ts"
import { execWith } from "./exec.ts"

export const taskForExec = (words: ReadonlyArray<string>, flags: TaskFlags, quiet: boolean): Task => {
  const task = taskOf(words, withoutMachine(flags, quiet))
  if (!quiet) stderr.write(carriedOnly(task) + notMounted(task))
  return task
}

export const execTask = execWith(taskOptions, taskForExec)
