/** Strikes the values of secret-looking envs out of a command line, before it leaves this process. */
import { isSecretEnvName } from "../../task/names.ts"

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
