/** What a launch would take and cost, said before it is paid. Pure. */
import type { Launched, Plan } from "../../sdk/protocol/launch.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { placeName } from "../../task/place.ts"
import { plural } from "../../task/plural.ts"
import { cents, hasPrice, priceText } from "../../task/price.ts"
import type { Task } from "../../task/Task.ts"
import { fitted, type Narrow } from "./narrow.ts"
import { clean, glyph } from "./style.ts"
import type { Row, Screen } from "./table.ts"

const infra = (offer: Plan["offer"]) => clean(offer.cloud === "local" ? "local (this machine)" : placeName(offer))

const monthMs = 30.4 * 86_400_000
/** Of a price, once it is a month old. */
const oldness = (date: string, nowMs: number): string => {
  const months = Math.floor((nowMs - Date.parse(date)) / monthMs)
  return months < 1 ? "" : `, ${plural(months, "month")} old`
}

const typeOf = ({ instanceType, useSpot }: Plan["offer"]) => clean(`${instanceType ?? "-"}${useSpot ? "[Spot]" : ""}`)
const gpusOf = ({ accelerators }: Plan["offer"]) => (accelerators === null ? "-" : clean(`${accelerators.name}:${accelerators.count}`))
const gib = (amount: number) => String(Number(amount.toFixed(amount < 10 ? 1 : 0)))

/** `p4d.24xlarge[Spot] (96 vCPUs, 1152 GB, A100:8)`; nothing of a machine that there is only one kind of. */
const machine = (offer: Plan["offer"]): ReadonlyArray<string> => {
  const { accelerators, cpus, instanceType, memoryGib } = offer
  if (instanceType === null) return accelerators === null ? [] : [gpusOf(offer)]
  const has = [...(cpus === 0 ? [] : [`${cpus} vCPUs`, `${gib(memoryGib)} GB`]), ...(accelerators === null ? [] : [gpusOf(offer)])]
  return [`${typeOf(offer)}${has.length === 0 ? "" : ` (${has.join(", ")})`}`]
}

/** `· 1 node · local (this machine) · free`. `asked`: of the nodes of a cluster that is there. */
export const summary = ({ enabled, newCluster, offer, numNodes }: Plan, nowMs: number, asked = numNodes): string => {
  const nodes = !newCluster && asked < numNodes ? `${asked} of ${plural(numNodes, "node")}` : plural(numNodes, "node")
  const of = offer.catalog === null ? "" : ` (price of ${clean(offer.catalog)}${oldness(offer.catalog, nowMs)})`
  const price = priceText(offer, numNodes) + (offer.usdPerHour === 0 ? "" : of)
  const parts = [...(enabled ? [] : ["not enabled"]), nodes, infra(offer), ...machine(offer), price]
  return parts.map((part) => `${glyph("dot")} ${part}`).join(" ")
}

/** A cluster that is there stays as it is, and its CPUs and memory are no part of what must fit (contract, launch-43). */
export const ignored = ({ cluster, plan }: Launched, { resources }: Task): string => {
  if (plan === undefined || plan.newCluster) return ""
  const { cpus, memoryGib } = plan.offer
  const less = [
    ["cpus", resources?.cpus, cpus],
    ["memory", resources?.memory, memoryGib]
  ].filter(([, asked, has]) => Number.parseFloat(String(asked)) > Number(has))
  if (less.length === 0) return ""
  const what = less.map(([name, asked]) => `${name} ${asked}`).join(" and ")
  return `${what} ${less.length > 1 ? "are" : "is"} ignored: ${cluster} is there already, with ${less.map(([, , has]) => has).join(" and ")}.\n`
}

/** Of which day the prices are, by cloud where that differs. */
export const pricesOf = (lists: ReadonlyArray<{ readonly cloud: string; readonly date: string }>, nowMs: number): string => {
  const dates = [...new Set(lists.map(({ date }) => date))].sort()
  const [oldest] = dates
  if (oldest === undefined) return ""
  const told = lists.map(({ cloud, date }) => `${date}${dates.length === 1 ? "" : ` (${cloudDisplay(cloud)})`}${oldness(date, nowMs)}`)
  const old = oldness(oldest, nowMs)
  return `Prices of ${clean([...new Set(told)].join("; "))}${old === "" ? "" : ": sky catalog update"}.\n`
}

const datesIn = (offers: ReadonlyArray<Plan["offer"]>) => [
  ...new Map(offers.flatMap(({ catalog, cloud }) => (catalog === null ? [] : [[cloud, { cloud, date: catalog }] as const]))).values()
]

const titles = ["INFRA", "INSTANCE", "vCPUs", "MEM(GB)", "GPUS", "$/HR", ""]
const right = ["vCPUs", "MEM(GB)", "$/HR"]
const offMark = "not enabled"
/** Where it is narrow: what is chosen, where and what it costs stays. That none is enabled is said below, too. */
const narrow: Narrow = {
  steps: [
    "MEM(GB)",
    "vCPUs",
    ["", (mark) => mark.replace(new RegExp(`(^|, )${offMark}$`), "")],
    "GPUS",
    ["", (mark) => mark.split(" ")[0]!]
  ],
  shrinks: ["INSTANCE", "INFRA"]
}

const rowOf = (offer: Plan["offer"], said: string): Row => {
  const { cpus, memoryGib, usdPerHour } = offer
  return {
    cells: [
      infra(offer),
      typeOf(offer),
      cpus === 0 ? "-" : String(cpus),
      cpus === 0 ? "-" : gib(memoryGib),
      gpusOf(offer),
      !hasPrice(offer) ? "-" : usdPerHour === 0 ? "free" : cents(usdPerHour),
      said
    ]
  }
}

const same = (a: Plan["offer"], b: Plan["offer"]) => JSON.stringify(a) === JSON.stringify(b)
const nextShown = 3

/** Where a launch goes on by itself, and for how much at most. */
const nextOf = ({ mostUsdPerHour, more, next, numNodes, offer }: Plan, screen: Screen, all: boolean): string => {
  if (next.length === 0) return ""
  const shown = all ? next : next.slice(0, nextShown)
  const left = next.length - shown.length + more
  const most =
    mostUsdPerHour > offer.usdPerHour
      ? `up to ${priceText({ usdPerHour: mostUsdPerHour }, numNodes)}${numNodes > 1 ? ` for ${plural(numNodes, "node")}` : ""}`
      : ""
  const first = "Then, if there is no capacity"
  if (all) {
    const rows = shown.map((place) => rowOf(place, ""))
    return `${first}${most === "" ? "" : `, at ${most}`}:\n${fitted(titles, rows, screen, right, narrow)}${left > 0 ? `${glyph("more")} ${left} more.\n` : ""}`
  }
  const names = shown.map(({ cloud, region, zone }) => clean(zone ?? region ?? cloudDisplay(cloud)))
  const parts = [...names, ...(left > 0 ? [`${glyph("more")} ${left} more (-a)`] : []), ...(most === "" ? [] : [most])]
  return `${first}: ${parts.join(", ")}.\n`
}

/** What else there is to know before it is agreed to: where it may go on, and what was left out. A list in a note stays one. */
export const besides = (plan: Plan, screen: Screen, all: boolean): string =>
  nextOf(plan, screen, all) + plan.notes.map((note) => `${note.split("\n").map(clean).join("\n")}\n`).join("")

const notEnabled = "None of this is enabled, so a launch would be refused. See why: sky check\n"

export const planTable = (plan: Plan, screen: Screen, nowMs: number, all = false): string => {
  const { considered, enabled, newCluster, numNodes, offer } = plan
  const mark = newCluster ? "chosen" : "the cluster that is there"
  const chosen = (one: Plan["offer"]) => (same(one, offer) ? `${glyph("chosen")} ${mark}` : "")
  const said = (one: Plan["offer"]) => [chosen(one), enabled ? "" : offMark].filter((part) => part !== "").join(", ")
  const rows = considered.map((one) => rowOf(one, said(one)))
  const sum = offer.usdPerHour === 0 ? "" : `${plural(numNodes, "node")}: ${priceText(offer, numNodes)}. `
  const prices = pricesOf(datesIn(considered), nowMs)
  const cost = sum === "" || prices !== "" ? `${sum}${prices}` : `${sum.trimEnd()}\n`
  return fitted(titles, rows, screen, right, narrow) + cost + besides(plan, screen, all) + (enabled ? "" : notEnabled)
}
