/** What clusters have cost, as a table and its sum. Pure. */
import type { CostReportAnswer, CostView } from "../../sdk/protocol/costs.ts"
import { plural } from "../../task/plural.ts"
import { dollars, priceCell, priceText } from "../../task/price.ts"
import { mayRun, notPriced } from "./bill.ts"
import { fitted, type Narrow } from "./narrow.ts"
import { resourcesCell } from "./resources.ts"
import { clean, glyph } from "./style.ts"
import type { Cell, Row, Screen } from "./table.ts"
import { ago, duration } from "./time.ts"

/** The newest, and of those that are gone too, where not all are asked for. */
const shownMax = 5

export const shownCosts = (costs: ReadonlyArray<CostView>, all: boolean): ReadonlyArray<CostView> =>
  all ? costs : costs.slice(0, shownMax)

const titles = ["NAME", "LAUNCHED", "DURATION", "RESOURCES", "STATUS", "COST/HR", "COST (EST.)"]
const right = ["COST/HR", "COST (EST.)"]
/** Which it is and what it has cost stays. */
const narrow: Narrow = { steps: ["RESOURCES", "LAUNCHED", "COST/HR", "DURATION"], shrinks: ["NAME"] }
const colours = { INIT: "blue", UP: "green", STOPPED: "yellow" } as const

/** In the table and in JSON. */
export const statusWord = ({ status }: Pick<CostView, "status">): string => status ?? "TERMINATED"

const statusCell = (cost: CostView): Cell => ({ text: statusWord(cost), colour: cost.status === null ? "dim" : colours[cost.status] })

/** Where it had another price before, what it cost then is known. */
const isUnknown = ({ totalUsd, usdPerHour }: CostView) => totalUsd === 0 && usdPerHour === null
const isFree = ({ totalUsd, usdPerHour }: CostView) => totalUsd === 0 && usdPerHour === 0

const rowOf = (cost: CostView, nowMs: number): Row => {
  const { abandoned, durationMs, launchedAtMs, name, totalUsd, usdPerHour } = cost
  const why = `${plural(abandoned, "machine")} ${abandoned === 1 ? "was" : "were"} given up on: what ${abandoned === 1 ? "it has" : "they have"} cost since is not known`
  return {
    cells: [
      clean(name),
      ago(launchedAtMs, nowMs),
      durationMs === 0 ? "-" : duration(durationMs),
      resourcesCell(cost),
      statusCell(cost),
      priceCell(usdPerHour),
      isUnknown(cost) || isFree(cost) ? priceCell(usdPerHour) : dollars(totalUsd)
    ],
    below: abandoned === 0 ? [] : [`       ${glyph("why")} ${why}`]
  }
}

const sumOf = (costs: ReadonlyArray<CostView>, older: CostReportAnswer["older"]): string => {
  const usd = costs.reduce((sum, { totalUsd }) => sum + totalUsd, older.totalUsd)
  const running = costs.filter(({ runningUsdPerHour }) => runningUsdPerHour > 0)
  const goesOn = running.reduce((sum, { runningUsdPerHour }) => sum + runningUsdPerHour, 0)
  if (usd === 0 && costs.every(isFree)) return "All of it was free.\n"
  const now =
    running.length === 0
      ? ""
      : `, and ${priceText({ usdPerHour: goesOn })} while ${running.map(({ name }) => clean(name)).join(", ")} ${running.length > 1 ? "run" : "runs"}`
  const old = older.clusters === 0 ? "" : `, ${plural(older.clusters, "older one")} among them`
  const counted = costs.filter((cost) => !isUnknown(cost)).length + older.clusters
  const sum = counted === 0 ? "" : `${dollars(usd)} for ${plural(counted, "cluster")}${old}${now}.\n`
  return `${sum}${notPriced(
    costs.filter(({ usdPerHour }) => usdPerHour === null),
    ", and in no sum"
  )}${mayRun(costs)}${what}`
}

/** Said where something is paid. */
const what = "Of machines alone, by their prices when they were asked for: disks, addresses and traffic are not in it.\n"

/** `shown`: those of all that have a row. */
export const costTable = (
  shown: ReadonlyArray<CostView>,
  all: ReadonlyArray<CostView>,
  older: CostReportAnswer["older"],
  screen: Screen,
  nowMs: number
): string => {
  const rows = shown.map((cost) => rowOf(cost, nowMs))
  const left = all.length - shown.length
  const more = left === 0 ? "" : `${left} more: sky cost-report -a\n`
  return fitted(titles, rows, screen, right, narrow) + more + sumOf(all, older)
}
