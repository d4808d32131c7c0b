/** What no cluster has, as tables: this log's, and apart from them those of others. Pure. */
import type { LeakView } from "../../sdk/protocol/leaks.ts"
import { plural } from "../../task/plural.ts"
import { priceCell, priceText } from "../../task/price.ts"
import { fitted, type Narrow } from "./narrow.ts"
import { clean, glyph } from "./style.ts"
import type { Row, Screen } from "./table.ts"
import { ago } from "./time.ts"

export const whereOf = ({ cloud, region }: LeakView): string => (region === null ? cloud : `${cloud}/${region}`)

/** As its cloud calls it. */
export const kindOf = ({ kind, kindThere }: LeakView): string => kindThere ?? kind

const priceOf = ({ usdPerHour }: LeakView) => (usdPerHour === null ? "-" : priceCell(usdPerHour))

type Column = readonly [title: string, text: (leak: LeakView, nowMs: number) => string]
const columns: ReadonlyArray<Column> = [
  ["KIND", (leak) => (leak.state === "stopped" ? `${kindOf(leak)}, stopped` : kindOf(leak))],
  ["ID", ({ id }) => id],
  ["CLUSTER", ({ clusterName }) => clusterName],
  ["WHERE", whereOf],
  ["AGE", ({ madeAtMs }, nowMs) => ago(madeAtMs, nowMs).replace(/ ago$/, "")],
  ["COST/HR", priceOf]
]
const ofOthers: ReadonlyArray<Column> = [...columns, ["LOG", ({ log }) => log]]
/** By its id it is ended: that is cut last. */
const narrow: Narrow = { steps: ["AGE", "WHERE", "COST/HR"], shrinks: ["LOG", "CLUSTER", "ID"] }

const tableOf = (leaks: ReadonlyArray<LeakView>, shown: ReadonlyArray<Column>, screen: Screen, nowMs: number) => {
  const rows = leaks.map(
    (leak): Row => ({
      cells: shown.map(([, text]) => clean(text(leak, nowMs))),
      below: leak.isOurs ? [`       ${glyph("why")} ${clean(leak.reason)}`] : []
    })
  )
  return fitted(
    shown.map(([title]) => title),
    rows,
    screen,
    ["COST/HR"],
    narrow
  )
}

/** " $1.20 an hour.", where they cost anything that is known. */
export const hourly = (leaks: ReadonlyArray<LeakView>): string => {
  const usd = leaks.reduce((sum, { usdPerHour }) => sum + (usdPerHour ?? 0), 0)
  return usd === 0 ? "" : ` ${priceText({ usdPerHour: usd })}.`
}

export const leaksTables = (leaks: ReadonlyArray<LeakView>, screen: Screen, nowMs: number): string => {
  const [own, others] = [leaks.filter(({ isOurs }) => isOurs), leaks.filter(({ isOurs }) => !isOurs)]
  const first =
    own.length === 0
      ? ""
      : `${tableOf(own, columns, screen, nowMs)}${plural(own.length, "leak")}.${hourly(own)} To end what this log has made: sky leaks --terminate\n`
  if (others.length === 0) return first
  const gap = first === "" ? "" : "\n"
  const second = `Of other logs, whose daemons may have them in use. To take one over: sky leaks --adopt CLUSTER\n`
  return `${first}${gap}${second}${tableOf(others, ofOthers, screen, nowMs)}`
}
