/** Strikes the values of secret-looking envs out of a command line, before it leaves this process. */
import { isSecretEnvName } from "../../task/secrets.ts"

/** `NAME=value`, wherever it stands in a word: a value in quotes, or up to the next blank. */
const pairs = /([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s\\;&|]|\\.)+)/gs

const strike = (word: string): string => {
  // A word that is one pair is struck to its end, blanks and all.
  const [, front = "", name = ""] = /^((?:--env=)?([A-Za-z_]\w*)=)./s.exec(word) ?? []
  if (isSecretEnvName(name) && front !== "") return `${front}***`
  return word.replace(pairs, (pair, name: string) => (isSecretEnvName(name) ? `${name}=***` : pair))
}

/** In every word; a `--secret` is one whatever its name. */
export const redact = (argv: ReadonlyArray<string>): Array<string> =>
  argv.map((word, i) => {
    const isSecret = argv[i - 1] === "--secret" || word.startsWith("--secret=")
    return isSecret ? word.replace(/^((?:--secret=)?[^=]*=).*$/s, "$1***") : strike(word)
  })
