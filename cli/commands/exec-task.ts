/** `sky exec` of a file, or with flags of a task: off the hot path. */
import { parseArgs } from "node:util"
import { commandLine } from "../../sdk/client/caller.ts"
import type { Task } from "../../task/Task.ts"
import { stderr } from "../out.ts"
import { ofMachines, taskOf } from "../task/flags.ts"
import { carriedOnly, notMounted } from "../task/notes.ts"
import { type TaskFlags, taskOptions } from "../task/options.ts"
import { ownPart, type Verb } from "../verb.ts"
import { execWith } from "./exec.ts"

export const taskForExec = (words: ReadonlyArray<string>, flags: TaskFlags, quiet: boolean): Task => {
  const task = taskOf(words, flags)
  if (!quiet) stderr.write(carriedOnly(task) + notMounted(task))
  return task
}

const ofTask = execWith(taskOptions, taskForExec)

/** The command line without the flags that are ignored, each of which is said; what is proposed to be typed again has them not either. */
const withoutMachine = (argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = ownPart(argv)
  const { positionals, tokens, values } = parseArgs({
    args: argv.slice(1, own),
    options: ofTask.options,
    tokens: true,
    strict: false,
    allowPositionals: true
  })
  const ignored = tokens.flatMap((token) =>
    token.kind === "option" && token.value !== undefined && ofMachines.some((name) => name === token.name) ? [token] : []
  )
  const ports = ignored.flatMap(({ name, value }) => (name === "ports" ? ["--ports", value!] : []))
  const opening = ports.length === 0 ? "" : ` A launch opens them: ${commandLine(["launch", "-c", positionals[0] ?? "CLUSTER", ...ports])}`
  for (const name of values["output"] === "json" ? [] : new Set(ignored.map((token) => token.name)))
    stderr.write(`--${name} is ignored: the cluster is there already.${name === "ports" ? opening : ""}\n`)
  const dropped = new Set(ignored.flatMap(({ index, inlineValue }) => (inlineValue === false ? [index + 1, index + 2] : [index + 1])))
  return argv.filter((_, index) => !dropped.has(index))
}

export const execTask: Verb = { ...ofTask, run: (argv) => ofTask.run(withoutMachine(argv)) }
