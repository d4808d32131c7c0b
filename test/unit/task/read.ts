/** A task of a text, as a file of that text would be read; and why one is refused. */
import type { ClientError } from "../../../sdk/client/ClientError.ts"
import { readPipeline } from "../../../sdk/task/document.ts"
import { type Given, readTask } from "../../../sdk/task/read-task.ts"
import type { Task } from "../../../task/Task.ts"

export const readOne = (text: string, given: Given = {}): Task => readTask(readPipeline(text, "x.yaml").tasks[0]!, given)

export const refusalOf = (act: () => unknown): { readonly tag: string; readonly message: string } => {
  try {
    act()
  } catch (error) {
    const { message, tag } = error as ClientError
    return { tag, message }
  }
  throw new Error("it was accepted")
}
