/** What a launch would take and cost, said before it is paid. Pure. */
import type { Launched, Plan } from "../../sdk/protocol/launch.ts"
import type { Task } from "../../task/Task.ts"
import { clean, glyph, widthOf } from "./style.ts"
import { type Screen, table } from "./table.ts"
import { cents, dollars, plural } from "./time.ts"

const cloudWord = (cloud: string) => (cloud === "local" ? "local (this machine)" : cloud.toUpperCase())

const infra = ({ cloud, region, zone }: Plan["offer"]) =>
  clean(cloud === "ssh" ? `ssh/${region}` : [cloudWord(cloud), zone ?? region].filter(Boolean).join(" "))

const monthMs = 30.4 * 86_400_000
/** Of a price, once it is a month old. */
const oldness = (date: string, nowMs: number): string => {
  const months = Math.floor((nowMs - Date.parse(date)) / monthMs)
  return months < 1 ? "" : `, ${plural(months, "month")} old`
}

/** `· 1 node · local (this machine) · free`. `asked`: of the nodes of a cluster that is there. */
export const summary = ({ enabled, newCluster, offer, numNodes }: Plan, nowMs: number, asked = numNodes): string => {
  const nodes = !newCluster && asked < numNodes ? `${asked} of ${plural(numNodes, "node")}` : plural(numNodes, "node")
  const of = offer.catalog === null ? "" : ` (price of ${clean(offer.catalog)}${oldness(offer.catalog, nowMs)})`
  const price = offer.usdPerHour === 0 ? "free" : `${dollars(numNodes * offer.usdPerHour)} an hour${of}`
  return [...(enabled ? [] : ["not enabled"]), nodes, infra(offer), price].map((part) => `${glyph("dot")} ${part}`).join(" ")
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
  const of = dates.length === 1 ? oldest : lists.map(({ cloud, date }) => `${date} (${cloudWord(cloud)})`).join(" and ")
  const old = oldness(oldest, nowMs)
  return `Prices of ${clean(of)}${old}${old === "" ? "" : ": sky catalog update"}.\n`
}

const datesIn = (offers: ReadonlyArray<Plan["offer"]>) => [
  ...new Map(offers.flatMap(({ catalog, cloud }) => (catalog === null ? [] : [[cloud, { cloud, date: catalog }] as const]))).values()
]

const titles = ["INFRA", "INSTANCE", "vCPUs", "MEM(GB)", "GPUS", "$/HR", ""]
/** Where it is narrow: what is chosen and what it costs stays. */
const shrinking = ["INSTANCE", "INFRA", "GPUS", "vCPUs", "MEM(GB)", ""]

const rowOf = (offer: Plan["offer"], said: string) => {
  const { accelerators, cpus, instanceType, memoryGib, usdPerHour, useSpot } = offer
  return {
    cells: [
      infra(offer),
      clean(`${instanceType ?? "-"}${useSpot ? "[Spot]" : ""}`),
      cpus === 0 ? "-" : String(cpus),
      cpus === 0 ? "-" : memoryGib.toFixed(0),
      accelerators === null ? "-" : clean(`${accelerators.name}:${accelerators.count}`),
      usdPerHour === 0 ? "free" : cents(usdPerHour),
      said
    ]
  }
}

const same = (a: Plan["offer"], b: Plan["offer"]) => JSON.stringify(a) === JSON.stringify(b)
const nextShown = 3

/** Where a launch goes on by itself. */
const nextOf = ({ more, next }: Plan, all: boolean): string => {
  if (next.length === 0) return ""
  const shown = all ? next : next.slice(0, nextShown)
  const left = next.length - shown.length + more
  const names = shown.map(({ cloud, region, zone }) => clean(zone ?? region ?? cloudWord(cloud))).join(", ")
  return `Then, if there is no capacity: ${names}${left > 0 ? `, ${glyph("more")} ${left} more${all ? "" : " (-a)"}` : ""}.\n`
}

const notEnabled = "None of this is enabled, so a launch would be refused. See why: sky check\n"

export const planTable = (plan: Plan, screen: Screen, nowMs: number, all = false): string => {
  const { considered, enabled, newCluster, notes, numNodes, offer } = plan
  const mark = newCluster ? "chosen" : "the cluster that is there"
  const chosen = (one: Plan["offer"]) => (same(one, offer) ? `${glyph("chosen")} ${mark}` : "")
  const said = (one: Plan["offer"]) => [chosen(one), enabled ? "" : "not enabled"].filter((part) => part !== "").join(", ")
  const rows = (mark: (one: Plan["offer"]) => string, on = screen) =>
    table(
      titles,
      considered.map((one) => rowOf(one, mark(one))),
      on,
      ["vCPUs", "MEM(GB)", "$/HR"],
      shrinking
    )
  // That none is enabled is said below, too.
  const isWide = rows(said, { width: undefined, colour: false })
    .split("\n")
    .some((line) => widthOf(line) > (screen.width ?? Number.POSITIVE_INFINITY))
  const sum = offer.usdPerHour === 0 ? "" : `${plural(numNodes, "node")}: ${dollars(numNodes * offer.usdPerHour)} an hour. `
  const prices = pricesOf(datesIn(considered), nowMs)
  const lines = [
    sum === "" || prices !== "" ? `${sum}${prices}` : `${sum.trimEnd()}\n`,
    nextOf(plan, all),
    // A list in it stays one.
    ...notes.map((note) => `${note.split("\n").map(clean).join("\n")}\n`)
  ]
  return rows(isWide ? chosen : said) + lines.join("") + (enabled ? "" : notEnabled)
}
