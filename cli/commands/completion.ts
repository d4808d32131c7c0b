/**
 * `sky completion`: a script for the shell. Names and jobs come from a daemon that runs already: pressing Tab starts nothing and
 * never complains. Which words may follow is told once, in shell that bash and zsh both read; fish has its own.
 */

import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { JobQueueAnswer, StatusAnswer } from "../../sdk/protocol/queries.ts"
import { stdout } from "../out.ts"
import { pages } from "../pages.ts"
import { usageError } from "../render/error.ts"
import { clean } from "../render/style.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky completion bash|zsh|fish"

const flagWords = (flag: string): ReadonlyArray<string> => flag.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []
const takesValue = (flag: string) => / [A-Z]/.test(flag)

export const flagsOf = (name: string): Array<string> => [
  ...(pages[name]?.flags ?? []).flatMap(([flag]) => flagWords(flag)),
  "--output",
  "--help"
]
const verbs = [...Object.keys(pages), "help"]
/** Flags whose value is the next word. */
const takingWords = [
  ...new Set([
    ...Object.values(pages).flatMap(({ flags }) => flags.flatMap(([flag]) => (takesValue(flag) ? flagWords(flag) : []))),
    "-o",
    "--output"
  ])
]
const takingFiles = ["--workdir", "--env-file", "--secret-file"]

/** What is asked for at the time. Each shell has its own way to it. */
type Asked = "CLUSTERS" | "JOBS" | "OPEN JOBS"
/** Which words follow which verbs: as their first word, after it, or anywhere. */
const places: ReadonlyArray<readonly [verbs: string, place: "0" | "+" | "*", words: Asked | (string & {})]> = [
  ["status queue stop start autostop down", "*", "CLUSTERS"],
  ["exec cancel logs why events", "0", "CLUSTERS"],
  ["logs", "+", "JOBS"],
  ["cancel", "+", "OPEN JOBS"],
  ["daemon", "0", "start stop restart status logs run"],
  ["completion", "0", "bash zsh fish"],
  ["ops", "0", "list cancel"],
  ["task", "0", "show"],
  ["audit", "0", "verify head export import diff"],
  ["help", "0", verbs.join(" ")]
]
const offers = (words: string, asked: Record<Asked, string>): string => (words in asked ? asked[words as Asked] : words)
const clusters = "(sky complete-names 2>/dev/null)"

const globs = { "0": "0", "+": "[1-9]*", "*": "*" }
const inBash = {
  CLUSTERS: `$${clusters}`,
  JOBS: '$(sky complete-names "$first" 2>/dev/null)',
  "OPEN JOBS": '$(sky complete-names --open "$first" 2>/dev/null)'
}
const inFish = { CLUSTERS: clusters, JOBS: "(__sky_jobs)", "OPEN JOBS": "(__sky_jobs --open)" }

const shared = () => `# Sets offered, or files where a file may stand.
_sky_offer() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} first= place=0 i
  for ((i = 2; i < COMP_CWORD; i++)); do case \${COMP_WORDS[i]} in
    ${takingWords.join("|")}) i=$((i + 1)) ;;
    -*) ;;
    *) [ -n "$first" ] || first=\${COMP_WORDS[i]}; place=$((place + 1)) ;;
  esac; done
  if [ "$COMP_CWORD" -eq 1 ]; then offered="${verbs.join(" ")} --help --version"; return; fi
  case $prev in
    -c|--cluster) offered=$${clusters}; return ;;
    -o|--output) offered="table json"; [ "$verb" != task ] || offered="yaml json"; return ;;
    ${takingFiles.join("|")}) files=1; return ;;
    ${takingWords.filter((word) => !["-c", "--cluster", "-o", "--output", ...takingFiles].includes(word)).join("|")}) return ;;
  esac
  case $cur in -*) case $verb in
${Object.keys(pages)
  .map((name) => `    ${name}) offered="${flagsOf(name).join(" ")}" ;;`)
  .join("\n")}
  esac; return ;; esac
  case $verb:$place in
${places
  .map(([names, place, words]) => `    ${names.replace(/$| /g, `:${globs[place]}|`).slice(0, -1)}) offered="${offers(words, inBash)}" ;;`)
  .join("\n")}
    launch:*|exec:*|task:[1-9]*) files=1 ;;
  esac
}
`

const bash = () => `# sky completion for bash: source <(sky completion bash)
${shared()}
_sky() {
  local offered= files=
  _sky_offer
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ -n "$files" ] || compopt +o default 2>/dev/null
}
complete -o default -F _sky sky
`

const zsh = () => `#compdef sky
# sky completion for zsh: source <(sky completion zsh)
${shared()}
_sky() {
  local offered= files= COMP_CWORD=$((CURRENT - 1))
  local -a COMP_WORDS=("\${words[@]}")
  () { emulate -L ksh; _sky_offer }
  if [ -n "$files" ]; then _files; else compadd -- \${=offered}; fi
}
# As a file in $fpath this is run as the function itself.
if [ "\${funcstack[1]}" = _sky ]; then _sky; else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _sky sky
fi
`

const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`

/** A flag of a page as fish is told of it. */
const fishFlag = (name: string, [flag, text]: readonly [string, string]): string => {
  const [, short] = /(?:^|\s)-(\w)\b/.exec(flag) ?? []
  const [, long] = /--([a-z][a-z-]*)/.exec(flag) ?? []
  const value = !takesValue(flag) ? "" : takingFiles.includes(`--${long}`) ? " -rF" : " -x"
  return `complete -c sky -n "__sky_at '*' ${name}"${short ? ` -s ${short}` : ""}${long ? ` -l ${long}` : ""}${value} -d ${quoted(text)}`
}

const fish = () => `# sky completion for fish: sky completion fish > ~/.config/fish/completions/sky.fish
# The words before the cursor that are no flags and no values of flags, the verb first.
function __sky_words
  set -l skip
  for word in (commandline -opc)[2..]
    if test -n "$skip"
      set skip
    else if contains -- $word ${takingWords.join(" ")}
      set skip 1
    else if not string match -q -- '-*' $word
      echo $word
    end
  end
end
# Whether the cursor is at a place of one of the verbs: 0, + for those after it, * for all.
function __sky_at
  set -l words (__sky_words)
  contains -- "$words[1]" $argv[2..]; or return 1
  switch $argv[1]
    case 0
      test (count $words) -eq 1
    case '+'
      test (count $words) -gt 1
  end
end
function __sky_jobs
  set -l words (__sky_words)
  sky complete-names $argv $words[2] 2>/dev/null
end
complete -c sky -f
complete -c sky -n "test (count (commandline -opc)) -eq 1" -a help -d 'the page of a verb'
${Object.entries(pages)
  .map(([name, { summary }]) => `complete -c sky -n "test (count (commandline -opc)) -eq 1" -a ${name} -d ${quoted(summary)}`)
  .join("\n")}
${places.map(([names, place, words]) => `complete -c sky -n "__sky_at '${place}' ${names}" -a "${offers(words, inFish)}"`).join("\n")}
complete -c sky -n "__sky_at '*' launch; or __sky_at '+' exec" -F
complete -c sky -n "__sky_at '*' launch replay" -s c -l cluster -x -a "${clusters}" -d 'the cluster'
complete -c sky -n "test (count (commandline -opc)) -gt 1" -s o -l output -x -a "table json" -d 'how to print'
complete -c sky -s h -l help -d 'the page of a verb'
${Object.entries(pages)
  .flatMap(([name, { flags }]) => flags.filter(([flag]) => !flag.includes("--cluster ")).map((flag) => fishFlag(name, flag)))
  .join("\n")}
`

export const scripts: Readonly<Record<string, () => string>> = { bash, zsh, fish }

export const completion = verb(usage, {}, async ({ words }) => {
  const script = scripts[words[0] ?? ""]
  if (script === undefined)
    throw usageError(words[0] === undefined ? "For which shell?" : `No completion for '${words[0]}'.`, `Usage: ${usage}`)
  atMost(1, words, usage)
  stdout.write(script())
  return exitCodes.ok
})

/** The clusters, or the jobs of one. */
export const completionNames = verb("sky complete-names", { open: { type: "boolean" } }, async ({ flags, words, connect }) => {
  const [clusterName] = words
  const session = connect({ spawn: false })
  try {
    const names =
      clusterName === undefined
        ? (await session.call<StatusAnswer>("status")).clusters.map(({ name }) => clean(name))
        : (await session.call<JobQueueAnswer>("queue", { clusterNames: [clusterName], skipFinished: flags.open === true })).jobs.map(
            ({ id }) => String(id)
          )
    stdout.write(names.map((name) => `${name}\n`).join(""))
  } catch {}
  return exitCodes.ok
})
