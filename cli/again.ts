/** The line that does a launch's work again: an exec with the same task flags. Undefined when there is none that could be pasted. */
import { parseArgs } from "node:util"
import { commandLine } from "../sdk/client/caller.ts"
import { isNamedYaml } from "./task/entrypoint.ts"
import { ofMachines } from "./task/flags.ts"
import { taskOptions } from "./task/options.ts"
import { ownPart, type Verb } from "./verb.ts"

const ofPlaces = ["infra", "cloud", "region", "zone"]

export const againOf = (
  argv: ReadonlyArray<string>,
  { options }: Verb,
  words: ReadonlyArray<string>,
  cluster: string
): string | undefined => {
  const [first] = words
  if (first === undefined) return undefined
  const { tokens } = parseArgs({ args: argv.slice(1, ownPart(argv)), options, tokens: true, strict: false })
  // A cluster is where it is; but what a file says of places was overruled.
  const isOver = (name: string) => (isNamedYaml(words) ? ofMachines : [...ofMachines, ...ofPlaces]).some((flag) => flag === name)
  const kept = tokens.flatMap((token) => {
    if (token.kind !== "option" || isOver(token.name)) return []
    if (token.name === "detach-run") return ["-d"]
    if (!(token.name in taskOptions)) return []
    return token.value === undefined ? [`--${token.name}`] : [`--${token.name}`, token.value]
  })
  return commandLine(["exec", ...kept, cluster, ...(first.startsWith("-") ? ["--"] : []), ...words])
}
