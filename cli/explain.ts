/** Errors in the user's words: why a command line cannot be parsed, and what the daemon cannot know of what was typed. */

import { withoutMethods } from "../sdk/client/ClientError.ts"
import type { Session } from "../sdk/client/Session.ts"
import { didYouMean } from "../task/near.ts"
import { missing, refusePattern } from "./pick.ts"
import { asClientError, usageError } from "./render/error.ts"

export const explainFlags = (error: NodeJS.ErrnoException, usage: string, known: ReadonlyArray<string>): Error => {
  if (!error.code?.startsWith("ERR_PARSE_ARGS")) return error
  const [, word] = /Unknown option '(-[^']*)'/.exec(error.message) ?? []
  if (word === undefined) {
    const [, flag] = /^Option '(?:-\w, )?(-[^' ]+).*argument is ambiguous/.exec(error.message) ?? []
    if (flag === undefined) return usageError(`${error.message.split(/[.\n]/)[0]}.`, `Usage: ${usage}`)
    return usageError(
      /^(-i|--idle)/.test(flag)
        ? `${flag} takes minutes, a whole number from 0.`
        : `${flag} needs a value: a word that begins with - is a flag.`,
      `Usage: ${usage}`
    )
  }
  const near = word.startsWith("--") ? didYouMean(word.slice(2), known) : undefined
  const command = /COMMAND/.test(usage) ? " Flags of your command come after its first word, or in quotes with it." : ""
  return usageError(`Unknown flag '${word}'.${near ? ` Did you mean '--${near}'?` : command}`, `Usage: ${usage}`)
}

/** Which cluster was meant by a name that the daemon does not know. */
const better = async (session: Session, name: string, verb = ""): Promise<unknown> => {
  try {
    await refusePattern(session, name, verb)
    return (await missing(session, [name]))[0]
  } catch (cause) {
    return asClientError(cause).tag === "UsageError" ? cause : undefined
  }
}

/** A failure as the one who typed the command can use it. Who writes requests gets the daemon's own. */
export const explain = async (cause: unknown, session: Session | undefined, verb: string | undefined): Promise<unknown> => {
  if (verb === "rpc") return cause
  const error = asClientError(cause)
  const { message, tag } = error
  const [, name] = tag === "ClusterDoesNotExist" ? (/^There is no cluster '(.*)'\.$/s.exec(message) ?? []) : []
  if (name !== undefined && session !== undefined) return (await better(session, name, verb)) ?? cause
  return withoutMethods(error)
}
