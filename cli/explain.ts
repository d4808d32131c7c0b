/** Why a command line cannot be parsed, from what parseArgs says about it. */
import { didYouMean } from "../task/names.ts"
import { usageError } from "./render/error.ts"

export const explainFlags = (error: NodeJS.ErrnoException, usage: string, known: ReadonlyArray<string>): Error => {
  if (!error.code?.startsWith("ERR_PARSE_ARGS")) return error
  const [, word] = /Unknown option '(-[^']*)'/.exec(error.message) ?? []
  if (word === undefined) return usageError(`${error.message.split(/[.\n]/)[0]}.`, `Usage: ${usage}`)
  const near = word.startsWith("--") ? didYouMean(word.slice(2), known) : undefined
  const command = /COMMAND/.test(usage) ? " A flag of your command goes into quotes with it, or after --." : ""
  return usageError(`Unknown flag '${word}'.${near ? ` Did you mean '--${near}'?` : command}`, `Usage: ${usage}`)
}
