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
/** Verbs whose words are clusters, and those of which only the first is one. */
const onClusters = ["status", "queue", "stop", "start", "autostop", "down"]
const onOneCluster = ["exec", "cancel", "logs", "why", "events"]
/** Flags whose value is the next word. */
const takingWords = [
  ...new Set([
    ...Object.values(pages).flatMap(({ flags }) =>
      flags.flatMap(([flag]) => (/ [A-Z]/.test(flag) ? (flag.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []) : []))
    ),
    "-o",
    "--output"
  ])
]
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
    ${onOneCluster.join("|")})
      local i named=
      for ((i = 2; i < COMP_CWORD; i++)); do case \${COMP_WORDS[i]} in
        ${takingWords.join("|")}) i=$((i + 1)) ;;
        -*) ;;
        *) named=1 ;;
      esac; done
      [ -n "$named" ] || words=$(sky complete-names 2>/dev/null) ;;
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

const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`

/** A flag of a page as fish is told of it. */
const fishFlag = (verb: string, [flag, text]: readonly [string, string]): string => {
  const [, short] = /(?:^|\s)-(\w)\b/.exec(flag) ?? []
  const [, long] = /--([a-z][a-z-]*)/.exec(flag) ?? []
  const value = / [A-Z]/.test(flag) ? " -r" : ""
  return `complete -c sky -n "__fish_seen_subcommand_from ${verb}"${short ? ` -s ${short}` : ""}${long ? ` -l ${long}` : ""}${value} -d ${quoted(text)}`
}

const fish = () => `# sky completion for fish: sky completion fish > ~/.config/fish/completions/sky.fish
function __sky_needs_cluster
  set -l words (commandline -opc)
  set -l skip
  for word in $words[3..]
    if test -n "$skip"
      set skip
    else if contains -- $word ${takingWords.join(" ")}
      set skip 1
    else if not string match -q -- '-*' $word
      return 1
    end
  end
end
${Object.entries(pages)
  .map(([name, { summary }]) => `complete -c sky -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`)
  .join("\n")}
complete -c sky -n "__fish_seen_subcommand_from ${onClusters.join(" ")}" -f -a "(sky complete-names 2>/dev/null)"
complete -c sky -n "__fish_seen_subcommand_from ${onOneCluster.join(" ")}; and __sky_needs_cluster" -f -a "(sky complete-names 2>/dev/null)"
complete -c sky -n "__fish_seen_subcommand_from launch" -s c -l cluster -x -a "(sky complete-names 2>/dev/null)" -d 'the cluster'
complete -c sky -n "not __fish_use_subcommand" -s o -l output -x -a "table json" -d 'how to print'
complete -c sky -s h -l help -d 'the page of a verb'
${Object.entries(subwords)
  .map(([name, words]) => `complete -c sky -n "__fish_seen_subcommand_from ${name}" -f -a "${words}"`)
  .join("\n")}
${Object.entries(pages)
  .flatMap(([name, { flags }]) => flags.filter(([flag]) => !flag.includes("--cluster ")).map((flag) => fishFlag(name, flag)))
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
