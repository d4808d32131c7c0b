/** Who asks, for the log. Values of secret-looking envs are struck out here, before they leave this process. */
import { isSecretEnvName } from "../../task/names.ts"
import type { Caller } from "../protocol/Wire.ts"

const strike = (pair: string, always: boolean): string => {
  const at = pair.indexOf("=")
  return at > 0 && (always || isSecretEnvName(pair.slice(0, at))) ? `${pair.slice(0, at)}=***` : pair
}

/** `--env NAME=value` and `--env=NAME=value`; a `--secret` is one whatever its name. */
export const redact = (argv: ReadonlyArray<string>): Array<string> => {
  const ends = argv.indexOf("--")
  return argv.map((word, i) => {
    if (ends >= 0 && i >= ends) return word
    const [, flag, pair] = /^(--(?:env|secret)=)(.*)$/s.exec(word) ?? []
    if (flag !== undefined && pair !== undefined) return flag + strike(pair, flag === "--secret=")
    const before = argv[i - 1]
    return before === "--env" || before === "--secret" ? strike(word, before === "--secret") : word
  })
}

const quote = (word: string): string => (/^[\w@%+=:,./*?-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command line as the COMMAND column shows it. */
export const commandLine = (argv: ReadonlyArray<string>): string => ["sky", ...redact(argv).map(quote)].join(" ")

export const caller = (argv: ReadonlyArray<string>): Caller => {
  const user = process.env.USER || process.env.LOGNAME
  return { program: "sky", pid: process.pid, argv: redact(argv), ...(user ? { user } : {}) }
}
