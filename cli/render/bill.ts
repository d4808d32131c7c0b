/** What clusters cost while they run. Pure. */
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { priceText } from "../../task/price.ts"
import { clean } from "./style.ts"

/** What those cost an hour that are paid for, of which day those prices are; to be put behind a question. */
export const rate = (clusters: ReadonlyArray<ClusterView>): string => {
  const offers = clusters.flatMap(({ numNodes, resources }) => (resources === null ? [] : [{ ...resources, numNodes }]))
  const sum = offers.reduce((usd, { numNodes, usdPerHour }) => usd + numNodes * usdPerHour, 0)
  const dates = [...new Set(offers.flatMap(({ catalog, usdPerHour }) => (catalog === null || usdPerHour === 0 ? [] : [catalog])))].sort()
  const of = dates.length === 0 ? "" : `, prices of ${clean(dates.join(" and "))}`
  return sum === 0 ? "" : ` (${priceText({ usdPerHour: sum })}${of})`
}

/** Of machines that there are: none is paid for while it is asked for, or stopped. */
export const bill = (clusters: ReadonlyArray<ClusterView>): string => {
  const paid = clusters
    .map(({ name, nodes, resources }) => ({
      name,
      usd: nodes.filter(({ state }) => state !== "stopped").length * (resources?.usdPerHour ?? 0)
    }))
    .filter(({ usd }) => usd > 0)
  const sum = paid.reduce((all, { usd }) => all + usd, 0)
  return paid.length === 0
    ? ""
    : `${priceText({ usdPerHour: sum })} while ${paid.map(({ name }) => clean(name)).join(", ")} ${paid.length > 1 ? "run" : "runs"}.\n`
}
