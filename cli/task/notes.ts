/** What of a task is taken and changes nothing, said so that nobody waits for it. */
import type { Task } from "../../task/Task.ts"

const carried = ["service", "event_callback", "inputs", "outputs", "config", "experimental"] as const

/** One line, or none. */
export const carriedOnly = (task: Task): string => {
  const fields = carried.filter((field) => task[field])
  if (fields.length === 0) return ""
  return `${fields.join(" and ")} ${fields.length > 1 ? "are" : "is"} kept with the task and ${fields.length > 1 ? "have" : "has"} no effect.\n`
}

/** An exec copies no mounts: the nodes have them from the last launch. */
export const notMounted = ({ file_mounts }: Task): string =>
  Object.keys(file_mounts ?? {}).length > 0 ? "file_mounts stay as the last launch made them: sky launch copies them anew.\n" : ""
