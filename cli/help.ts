/** What the verbs are for, in groups, and the page of each. Flags are listed here in words; what is parsed stands with each verb. */

import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import { didYouMean } from "../task/names.ts"
import { stdout } from "./out.ts"
import { type Page, pages } from "./pages.ts"
import { usageError } from "./render/error.ts"

const groups: ReadonlyArray<readonly [title: string, verbs: ReadonlyArray<string>]> = [
  ["Run", ["launch", "exec", "cancel"]],
  ["Look", ["status", "queue", "logs", "why"]],
  ["Change", ["stop", "start", "autostop", "down"]],
  ["History", ["events", "ops"]],
  ["Set up", ["check", "daemon", "completion", "rpc"]]
]

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
    "Everywhere: -o json for scripts, -h for the page of a verb. sky --version.",
    "Exit codes: 0 done, 1 failed, 2 usage, 3 declined, 5 not found, 6 conflict,",
    "  7 no capacity, 8 no daemon, 100 the job failed, 130 interrupted."
  )
  return `${lines.join("\n")}\n`
}

const page = (name: string, { usage, summary, flags, examples }: Page): string => {
  const wrapped = flags.map(([flag, text]) => `  ${flag.padEnd(flagWidth)}${text}`)
  return [
    `sky ${name}: ${summary}`,
    "",
    `Usage: ${usage}`,
    "",
    ...wrapped,
    `  ${"-o, --output table|json".padEnd(flagWidth)}json: data on stdout, errors as JSON on stderr`,
    "",
    "Examples",
    ...examples.map((example) => `  ${example}`),
    ""
  ].join("\n")
}

export const help = (argv: ReadonlyArray<string>): number => {
  const name = argv.find((word) => !word.startsWith("-"))
  const verb = name === "help" ? argv[argv.indexOf("help") + 1] : name
  if (verb === undefined || verb.startsWith("-")) {
    stdout.write(overview())
    return exitCodes.ok
  }
  const found = pages[verb]
  if (found === undefined) {
    const near = didYouMean(verb, Object.keys(pages))
    throw usageError(`Unknown verb '${verb}'.${near ? ` Did you mean '${near}'?` : ""}`, "All of them: sky --help")
  }
  stdout.write(page(verb, found))
  return exitCodes.ok
}
