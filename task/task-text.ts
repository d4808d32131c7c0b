/** A task as people read it in one glance, in the contract's form. */
import { alternativesOf } from "./alternatives.ts"
import { isEmpty } from "./fit.ts"
import { placedNeedText } from "./resources-text.ts"
import { numNodesOf, type Task } from "./Task.ts"

const runMaxChars = 20

const runText = (run: string | null | undefined): string => {
  if (run === undefined || run === null) return "<empty>"
  const text = run.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
  return `'${text.length > runMaxChars ? `${text.slice(0, runMaxChars)}...` : text}'`
}

/** Of several requests only their number is told; of what runs, another word where it is no text. */
export const taskText = (task: Task, run = runText(task.run)): string => {
  const { items } = alternativesOf(task.resources)
  const [need, ...others] = items
  const single = need === undefined || isEmpty(need) ? "default instances" : placedNeedText(need)
  const asked = others.length === 0 ? single : `${items.length} alternatives`
  return [
    `Task${task.name ? `<name=${task.name}>` : ""}(run=${run})`,
    ...Object.keys(task.inputs ?? {}).map((uri) => `inputs: ${uri}`),
    ...Object.keys(task.outputs ?? {}).map((uri) => `outputs: ${uri}`),
    ...(numNodesOf(task) > 1 ? [`nodes: ${numNodesOf(task)}`] : []),
    `resources: ${asked}`
  ].join("\n  ")
}
