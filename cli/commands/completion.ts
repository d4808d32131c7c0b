/**
 * `sky completion`: a script for the shell. Names of clusters come from a daemon that runs already: pressing Tab starts nothing
 * and never complains.
 */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { StatusAnswer } from "../../sdk/protocol/queries.ts"
import { stdout } from "../out.ts"
import { pages } from "../pages.ts"
import { usageError } from "../render/error.ts"
import { clean } from "../render/style.ts"
import { verb } from "../verb.ts"

const usage = "sky completion bash|zsh|fish"

export const flagsOf = (name: string): Array<string> => [
  ...(pages[name]?.flags ?? []).flatMap(([flag]) => flag.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []),
  "--output",
  "--help"
]
/** Verbs whose words are clusters; exec's and logs' first only, which a shell need not know. */
const onClusters = ["exec", "cancel", "status", "queue", "logs", "why", "stop", "start", "autostop", "down", "events"]
const subwords: Record<string, string> = { daemon: "start stop restart status logs run", completion: "bash zsh fish", ops: "list cancel" }

const cases = (line: (name: string, words: string) => string) =>
  Object.keys(pages)
    .map((name) => line(name, flagsOf(name).join(" ")))
    .join("\n")

const bash = () => `# sky completion for bash: source <(sky completion bash)
_sky() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then words="${Object.keys(pages).join(" ")} --help --version"
  elif [ "$prev" = -c ] || [ "$prev" = --cluster ]; then words=$(sky complete-names 2>/dev/null)
  elif [ "$prev" = -o ] || [ "$prev" = --output ]; then words="table json"
  elif [[ $cur == -* ]]; then case $verb in
${cases((name, words) => `    ${name}) words="${words}" ;;`)}
  esac
  else case $verb in
    ${onClusters.join("|")}) words=$(sky complete-names 2>/dev/null) ;;
${Object.entries(subwords)
  .map(([name, words]) => `    ${name}) words="${words}" ;;`)
  .join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _sky sky
`

const zsh = () => `#compdef sky
# sky completion for zsh: source <(sky completion zsh)
autoload -Uz bashcompinit && bashcompinit
${bash()}`

const fish = () => `# sky completion for fish: sky completion fish > ~/.config/fish/completions/sky.fish
complete -c sky -n __fish_use_subcommand -f -a "${Object.keys(pages).join(" ")}"
complete -c sky -n "__fish_seen_subcommand_from ${onClusters.join(" ")}" -a "(sky complete-names 2>/dev/null)"
complete -c sky -s c -l cluster -x -a "(sky complete-names 2>/dev/null)"
complete -c sky -s o -l output -x -a "table json"
${Object.entries(subwords)
  .map(([name, words]) => `complete -c sky -n "__fish_seen_subcommand_from ${name}" -f -a "${words}"`)
  .join("\n")}
${Object.keys(pages)
  .flatMap((name) =>
    flagsOf(name)
      .filter((flag) => flag.startsWith("--") && flag !== "--output")
      .map((flag) => `complete -c sky -n "__fish_seen_subcommand_from ${name}" -l ${flag.slice(2)}`)
  )
  .join("\n")}
`

export const scripts: Readonly<Record<string, () => string>> = { bash, zsh, fish }

export const completion = verb(usage, {}, async ({ words }) => {
  const script = scripts[words[0] ?? ""]
  if (script === undefined)
    throw usageError(words[0] === undefined ? "For which shell?" : `No completion for '${words[0]}'.`, `Usage: ${usage}`)
  stdout.write(script())
  return exitCodes.ok
})

export const completionNames = verb("sky complete-names", {}, async ({ connect }) => {
  try {
    const { clusters } = await connect({ spawn: false }).call<StatusAnswer>("status")
    stdout.write(clusters.map(({ name }) => `${clean(name)}\n`).join(""))
  } catch {}
  return exitCodes.ok
})
