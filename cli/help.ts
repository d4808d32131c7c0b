/** What the verbs are for, in groups, and the page of each. Flags are listed here in words; what is parsed stands with each verb. */

import { build, version } from "../sdk/protocol/build.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import { didYouMean } from "../task/near.ts"
import { stdout } from "./out.ts"
import type { Page } from "./page.ts"
import { pages } from "./pages.ts"
import { usageError, wantsJson } from "./render/error.ts"
import { jsonLine } from "./render/json.ts"
import { ascii } from "./render/style.ts"
import { atMost } from "./verb.ts"

const groups: ReadonlyArray<readonly [title: string, verbs: ReadonlyArray<string>]> = [
  ["Run", ["launch", "exec", "cancel"]],
  ["Look", ["status", "queue", "logs", "why", "cost-report", "show-gpus", "leaks"]],
  ["Change", ["stop", "start", "autostop", "down"]],
  ["History", ["events", "replay", "audit", "ops"]],
  ["Set up", ["task", "check", "catalog", "ssh", "daemon", "completion", "rpc"]]
]

/** They print a script, JSON as it is, or YAML. */
const ownOutput = ["completion", "rpc", "task"]

const nameWidth = 12
const flagWidth = 34

const overview = (): string => {
  const lines = ["sky: launch clusters and run jobs on them.", ""]
  for (const [title, verbs] of groups) {
    lines.push(title, ...verbs.map((name) => `  ${name.padEnd(nameWidth)}${pages[name]!.summary}`), "")
  }
  lines.push(
    "Start with",
    "  sky launch -c train examples/hello.yaml",
    "  sky status",
    "  sky down train",
    "",
    "With all but completion and rpc: -o json for scripts. With all: -h for the page.",
    "sky help VERB, sky --version.",
    "Exit codes: 0 done, 1 failed, 2 usage, 3 declined, 4 credentials, 5 not found,",
    "  6 conflict, 7 no capacity, 8 no daemon, 100 the job failed, 130 interrupted;",
    "  logs --status: 101 not over, 102 no such job, 103 cancelled."
  )
  return `${lines.join("\n")}\n`
}

const page = (name: string, { usage, summary, note, flags, examples }: Page): string => {
  const wrapped = flags.map(([flag, text]) => `  ${`${flag}  `.padEnd(flagWidth)}${text}`)
  return [
    `sky ${name}: ${summary}`,
    "",
    `Usage: ${usage}`,
    ...(note ? [note] : []),
    "",
    ...wrapped,
    ...(ownOutput.includes(name)
      ? wrapped.slice(0, 1).map(() => "")
      : [`  ${"-o, --output table|json".padEnd(flagWidth)}json: data on stdout, errors as JSON on stderr`, ""]),
    "Examples",
    ...examples.map((example) => `  ${example}`),
    ""
  ].join("\n")
}

export const help = (argv: ReadonlyArray<string>): number => {
  const words = argv.filter((word) => !word.startsWith("-"))
  const [verb] = words[0] === "help" ? words.slice(1) : words
  if (words[0] === "help") atMost(2, words, "sky help [VERB]")
  if (verb === undefined) {
    stdout.write(ascii(overview()))
    return exitCodes.ok
  }
  const found = pages[verb]
  if (found === undefined) {
    const near = didYouMean(verb, Object.keys(pages))
    throw usageError(`Unknown verb '${verb}'.${near ? ` Did you mean '${near}'?` : ""}`, "All of them: sky --help")
  }
  stdout.write(ascii(page(verb, found)))
  return exitCodes.ok
}

/** `sky --version` with more behind it. */
export const tellVersion = (argv: ReadonlyArray<string>): number => {
  stdout.write(wantsJson(argv) ? jsonLine({ version, build }) : `sky ${version}\n`)
  return exitCodes.ok
}
