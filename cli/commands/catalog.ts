/** `sky catalog`: the lists of offers and prices that there are, newer ones, and the way back. */
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { CatalogListAnswer, CatalogResetAnswer, CatalogUpdateAnswer, CatalogView } from "../../sdk/protocol/catalog.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { plural } from "../../task/plural.ts"
import { stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { fitted, type Narrow } from "../render/narrow.ts"
import { notify } from "../render/notify.ts"
import { makeProgress } from "../render/Progress.ts"
import { clean, glyph } from "../render/style.ts"
import { atMost, type Input, screen, verb } from "../verb.ts"

const usage = "sky catalog list | update [CLOUD…] [--from URL|FILE [--sha256 SUM]] | reset [CLOUD…]"
const options = { from: { type: "string" }, sha256: { type: "string" } } as const
type Doing = (input: Input<typeof options>) => Promise<number>

const rowOf = ({ accelerators, cloud, date, problem, refused, regions, source, types }: CatalogView) => ({
  cells: [
    cloud.toUpperCase(),
    clean(date),
    String(types),
    String(regions),
    String(accelerators),
    String(refused),
    clean(source ?? "came with the program")
  ],
  below: problem === null ? [] : [`       ${glyph("why")} ${clean(problem)}`]
})
const titles = ["CLOUD", "PRICES_OF", "TYPES", "REGIONS", "ACCELERATORS", "LEFT_OUT", "SOURCE"]
const narrow: Narrow = { steps: ["ACCELERATORS", "REGIONS", "LEFT_OUT", "TYPES"], shrinks: ["SOURCE"] }
const right = ["TYPES", "REGIONS", "ACCELERATORS", "LEFT_OUT"]

const pricesOf = ({ date, refused, source, types }: CatalogView): string => {
  const of = source !== null && !isUrl.test(source) ? ", as the file is dated" : ""
  const left = refused > 0 ? `, ${plural(refused, "row")} left out: impossible prices` : ""
  return `prices of ${clean(date)}${of}, ${plural(types, "type")}${left}`
}

type Changed = CatalogUpdateAnswer["updates"][number] | CatalogResetAnswer["resets"][number]

const lineOf = ({ catalog, cloud, reason, status }: Changed, done: string, unchanged: string): string => {
  const name = cloud.toUpperCase()
  const failed = `${glyph("failed")} ${name}  not ${done}: ${clean(reason ?? "")}${catalog === null ? "" : `. Still that of ${clean(catalog.date)}`}\n`
  if (status === "failed" || catalog === null) return failed
  const odd = reason === null ? "" : `\n  ${glyph("why")} ${clean(reason)}`
  return `${glyph("done")} ${name}  ${status === "unchanged" ? unchanged : done}: ${pricesOf(catalog)}${odd}\n`
}

const isUrl = /^[a-z][a-z\d+.-]*:\/\//i
/** A path as the user's shell means it. */
const placeOf = (from: string): string => {
  if (!isUrl.test(from)) return resolve(from)
  return /^file:\/\/(localhost)?\//i.test(from) ? fileURLToPath(from) : from
}

const list: Doing = async ({ connect, json, words }) => {
  atMost(1, words, usage)
  const { catalogs, notices } = await connect().call<CatalogListAnswer>("catalog.list", {})
  notify(notices)
  stdout.write(json ? jsonLine(catalogs) : fitted(titles, catalogs.map(rowOf), screen(), right, narrow))
  return exitCodes.ok
}

const tell = (changed: ReadonlyArray<Changed>, json: boolean, done: string, unchanged: string): number => {
  stdout.write(json ? jsonLine(changed) : changed.map((one) => lineOf(one, done, unchanged)).join(""))
  return changed.some(({ status }) => status === "failed") ? exitCodes.failed : exitCodes.ok
}

const cloudsOf = ({ words: [, ...clouds] }: Parameters<Doing>[0]) => (clouds.length > 0 ? { clouds } : {})

const update: Doing = async (input) => {
  const { from, sha256 } = input.flags
  const place = from === undefined ? undefined : placeOf(from)
  const params = { ...cloudsOf(input), ...(place === undefined ? {} : { from: place }), ...(sha256 === undefined ? {} : { sha256 }) }
  const progress = makeProgress(input.json)
  progress.run("Fetching", place ?? "what SkyPilot publishes")
  const { notices, updates } = await input.connect().call<CatalogUpdateAnswer>("catalog.update", params).finally(progress.end)
  notify(notices)
  return tell(updates, input.json, "updated", "is the newest")
}

const reset: Doing = async (input) => {
  const { notices, resets } = await input.connect().call<CatalogResetAnswer>("catalog.reset", cloudsOf(input))
  notify(notices)
  return tell(resets, input.json, "back to the list that came with the program", "has the list that came with the program")
}

const verbs: Readonly<Record<string, Doing>> = { list, update, reset }

export const catalog = verb(usage, options, (input) => {
  const [what] = input.words
  const doing = Object.hasOwn(verbs, what ?? "") ? verbs[what!] : undefined
  if (doing === undefined) throw usageError(what === undefined ? "What of the catalogs?" : `Unknown: catalog ${what}`, `Usage: ${usage}`)
  if (what !== "update" && (input.flags.from ?? input.flags.sha256) !== undefined)
    throw usageError(`--from and --sha256 are of sky catalog update.`, `Usage: ${usage}`)
  return doing(input)
})
