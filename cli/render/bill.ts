/** What clusters cost while they run. Pure. */
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { clean } from "./style.ts"
import { dollars } from "./time.ts"

export const bill = (clusters: ReadonlyArray<ClusterView>): string => {
  const paid = clusters.filter(({ status, resources }) => status !== "STOPPED" && (resources?.usdPerHour ?? 0) > 0)
  const sum = paid.reduce((usd, { numNodes, resources }) => usd + numNodes * (resources?.usdPerHour ?? 0), 0)
  return paid.length === 0
    ? ""
    : `${dollars(sum)} an hour while ${paid.map(({ name }) => clean(name)).join(", ")} ${paid.length > 1 ? "run" : "runs"}.\n`
}
