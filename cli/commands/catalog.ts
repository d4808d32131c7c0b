/** `sky catalog`: the lists of offers and prices that there are, and newer ones. */
import { resolve } from "node:path"
import type { CatalogListAnswer, CatalogUpdateAnswer, CatalogView } from "../../sdk/protocol/catalog.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stderr, stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { clean, glyph } from "../render/style.ts"
import { table } from "../render/table.ts"
import { plural } from "../render/time.ts"
import { atMost, screen, verb } from "../verb.ts"

const usage = "sky catalog list | update [CLOUD…] [--from URL|FILE [--sha256 SUM]]"

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
const right = ["TYPES", "REGIONS", "ACCELERATORS", "LEFT_OUT"]

const lineOf = ({ catalog, cloud, reason, status }: CatalogUpdateAnswer["updates"][number]): string => {
  const name = cloud.toUpperCase()
  if (status === "failed")
    return `${glyph("failed")} ${name}  not updated: ${clean(reason ?? "")}${catalog === null ? "" : `. Still that of ${clean(catalog.date)}`}\n`
  const left = (catalog?.refused ?? 0) > 0 ? `, ${plural(catalog?.refused ?? 0, "row")} left out: no such prices` : ""
  return `${glyph("done")} ${name}  ${status === "unchanged" ? "is the newest" : "updated"}: prices of ${clean(catalog?.date ?? "-")}, ${plural(catalog?.types ?? 0, "type")}${left}\n`
}

export const catalog = verb(usage, { from: { type: "string" }, sha256: { type: "string" } }, async ({ connect, flags, json, words }) => {
  const [what, ...clouds] = words
  const { from, sha256 } = flags
  if (what === "list") {
    atMost(1, words, usage)
    const { catalogs, notices } = await connect().call<CatalogListAnswer>("catalog.list", {})
    notify(notices)
    stdout.write(json ? jsonLine(catalogs) : table(titles, catalogs.map(rowOf), screen(), right))
    return exitCodes.ok
  }
  if (what !== "update") throw usageError(what === undefined ? "What of the catalogs?" : `Unknown: catalog ${what}`, `Usage: ${usage}`)
  const place = from === undefined || /^https?:\/\//i.test(from) ? from : resolve(from)
  const params = {
    ...(clouds.length > 0 ? { clouds } : {}),
    ...(place === undefined ? {} : { from: place }),
    ...(sha256 === undefined ? {} : { sha256 })
  }
  if (!json) stderr.write(`Fetching ${place ?? "what SkyPilot publishes"}${glyph("more")}\n`)
  const { notices, updates } = await connect().call<CatalogUpdateAnswer>("catalog.update", params)
  notify(notices)
  stdout.write(json ? jsonLine(updates) : updates.map(lineOf).join(""))
  return updates.some(({ status }) => status === "failed") ? exitCodes.failed : exitCodes.ok
})
