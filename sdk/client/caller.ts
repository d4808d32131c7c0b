/** Who asks, for the log. What comes here has its secrets struck out already: redact.ts. */
import type { Caller } from "../protocol/Wire.ts"

/** A struck-out secret is plain: it is read, and nobody pastes it. */
const quote = (word: string): string => (/^[\w@%+=:,./-]+(=\*{3})?$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command line as the COMMAND column shows it. */
export const commandLine = (argv: ReadonlyArray<string>): string => ["sky", ...argv.map(quote)].join(" ")

export const caller = (argv: ReadonlyArray<string>): Caller => {
  const user = process.env.USER || process.env.LOGNAME
  return { program: "sky", pid: process.pid, argv, ...(user ? { user } : {}) }
}
