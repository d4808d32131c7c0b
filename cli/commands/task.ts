/** `sky task show`: each task of the files as it is understood, every default filled in. No daemon is asked; secrets are struck. */
import { parseArgs } from "node:util"
import { stringify } from "yaml"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { canonicalTask } from "../../task/canonical.ts"
import { explainFlags } from "../explain.ts"
import { stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { applyFlags } from "../task/flags.ts"
import { taskOptions } from "../task/options.ts"
import { loadPipeline } from "../task/task-file.ts"
import { givenBy } from "../task/values.ts"
import type { Verb } from "../verb.ts"

const usage = "sky task show [--env NAME[=VALUE]] [-o yaml|json] FILE…"

/** Words that either version of YAML reads as something else stand in quotes: the answer is a task, for us and for Python. */
const compat = "yaml-1.1"

const { env, secret, "env-file": envFile, "secret-file": secretFile } = taskOptions
const options = {
  env,
  "env-file": envFile,
  secret,
  "secret-file": secretFile,
  output: { type: "string", short: "o", default: "yaml" },
  help: { type: "boolean", short: "h" }
} as const

const parse = (argv: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: argv.slice(1), options, allowPositionals: true, strict: true })
  } catch (error) {
    throw explainFlags(error as NodeJS.ErrnoException, usage, Object.keys(options))
  }
}

export const task: Verb = {
  usage,
  options,
  run: async (argv) => {
    const { positionals, values } = parse(argv)
    const [action, ...files] = positionals
    if (action !== "show")
      throw usageError(action === undefined ? "What to do with a task?" : `Unknown action '${action}'.`, `Usage: ${usage}`)
    if (files.length === 0) throw usageError("Which file?", `Usage: ${usage}`)
    if (values.output !== "yaml" && values.output !== "json")
      throw usageError(`Unknown output '${values.output}'.`, "Use: -o yaml, -o json")
    const given = givenBy(values)
    const tasks = files.flatMap((file) => loadPipeline(file).tasks.map((source) => canonicalTask(applyFlags(source, {}, given))))
    const texts = tasks.map((each) =>
      values.output === "json" ? `${JSON.stringify(each)}\n` : stringify(each, { lineWidth: 0, aliasDuplicateObjects: false, compat })
    )
    stdout.write(texts.join(values.output === "json" ? "" : "---\n"))
    return exitCodes.ok
  }
}
