/** What clusters cost while they run. Pure. */
import type { AskedFor, ClusterView } from "../../sdk/protocol/rows.ts"
import { plural } from "../../task/plural.ts"
import { hasPrice, priceText } from "../../task/price.ts"
import { clean } from "./style.ts"

const isUnpriced = ({ resources }: ClusterView) => resources !== null && !hasPrice(resources)
const isOn = ({ state }: ClusterView["nodes"][number]) => state !== "stopped"

/** What those cost an hour that are paid for, of which day those prices are; to be put behind a question. */
export const rate = (clusters: ReadonlyArray<ClusterView>): string => {
  const offers = clusters.flatMap(({ numNodes, resources }) => (resources === null ? [] : [{ ...resources, numNodes }]))
  const sum = offers.reduce((usd, { numNodes, usdPerHour }) => usd + numNodes * usdPerHour, 0)
  const dates = [...new Set(offers.flatMap(({ catalog, usdPerHour }) => (catalog === null || usdPerHour === 0 ? [] : [catalog])))].sort()
  const of = dates.length === 0 ? "" : `, prices of ${clean(dates.join(" and "))}`
  const odd = clusters.filter(isUnpriced).map(({ name }) => clean(name))
  const parts = [
    ...(sum === 0 ? [] : [`${priceText({ usdPerHour: sum })}${of}`]),
    ...(odd.length === 0 ? [] : [`what ${odd.join(", ")} ${odd.length > 1 ? "cost" : "costs"} is not known`])
  ]
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`
}

/** Of machines whose type no list has. */
export const notPriced = (clusters: ReadonlyArray<Pick<ClusterView, "name">>, more = ""): string =>
  clusters.length === 0
    ? ""
    : `What ${clusters.map(({ name }) => clean(name)).join(", ")} ${clusters.length > 1 ? "cost" : "costs"} an hour is not known${more}: no list has ${clusters.length > 1 ? "them" : "it"}.\n`

interface MayRun extends Pick<ClusterView, "name" | "askedFor" | "mayRun"> {}

const upTo = (what: string, clusters: ReadonlyArray<MayRun>, partOf: (one: MayRun) => AskedFor | undefined): string => {
  const paid = clusters.flatMap((one) => {
    const part = partOf(one)
    return part !== undefined && part.usdPerHour > 0 ? [{ ...part, name: one.name }] : []
  })
  const sum = paid.reduce((all, { usdPerHour }) => all + usdPerHour, 0)
  const which = paid.map(({ machines, name }) => `${plural(machines, "machine")} of ${clean(name)}`).join(", ")
  return paid.length === 0 ? "" : `Up to ${priceText({ usdPerHour: sum })} for ${what}: ${which} may run.\n`
}

/** What may run beside that, as far as anybody knows. */
export const mayRun = (clusters: ReadonlyArray<MayRun>): string =>
  upTo("what is asked for and not answered yet", clusters, ({ askedFor }) => askedFor) +
  upTo("what a purge called stopped without its cloud's word", clusters, ({ mayRun }) => mayRun)

/** What is left of machines that are off. */
const disks = (clusters: ReadonlyArray<ClusterView>): string => {
  const off = clusters.flatMap(({ name, offDisks }) => (offDisks === undefined ? [] : [{ ...offDisks, name }]))
  const sum = off.reduce((all, { usdPerHour }) => all + usdPerHour, 0)
  const machines = off.reduce((all, one) => all + one.machines, 0)
  const what = machines === 1 ? "the disk" : "the disks"
  const names = off.map(({ name }) => clean(name)).join(", ")
  return off.length === 0
    ? ""
    : `About ${priceText({ usdPerHour: sum })} for ${what} of ${names}, ${off.length > 1 ? "which are" : "which is"} off.\n`
}

/** Of machines that there are, and then of those that are asked for: of one that is off its disk alone is paid for. */
export const bill = (clusters: ReadonlyArray<ClusterView>): string => {
  const paid = clusters
    .map(({ name, nodes, resources }) => ({
      name,
      usd: nodes.filter(isOn).length * (resources?.usdPerHour ?? 0)
    }))
    .filter(({ usd }) => usd > 0)
  const sum = paid.reduce((all, { usd }) => all + usd, 0)
  const now =
    paid.length === 0
      ? ""
      : `${priceText({ usdPerHour: sum })} while ${paid.map(({ name }) => clean(name)).join(", ")} ${paid.length > 1 ? "run" : "runs"}.\n`
  return now + disks(clusters) + notPriced(clusters.filter((one) => isUnpriced(one) && one.nodes.some(isOn))) + mayRun(clusters)
}
