/** What clusters have cost, from a world of any moment. Pure. */
import * as HashMap from "effect/HashMap"
import { type CostRow, costAt } from "../../projections/CostRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { type Clusters, rowOf } from "../../projections/clusters.ts"
import { machineNow } from "../../projections/machine-now.ts"
import type { CostReport, CostView } from "../../sdk/protocol/costs.ts"
import { hasPrice } from "../../task/price.ts"
import type { World } from "../World.ts"
import { askedFor } from "./asked-for.ts"
import { means } from "./select.ts"

const viewOf = (row: CostRow, clusters: Clusters, nowMs: number): CostView => {
  const { goneAtMs, id, launchedAtMs, lost, meters, name, numNodes, offer, sinceMs, spans } = row
  const machine = machineNow(row)
  const live = rowOf(clusters, id)
  const { ranMs, usd } = costAt(row, nowMs)
  const sum = (some: CostRow["meters"]) => some.reduce((total, { usdPerHour }) => total + usdPerHour, 0)
  const usdPerHour = meters.length > 0 ? sum(meters) : numNodes * (offer?.usdPerHour ?? 0)
  const isKnown = usdPerHour > 0 || offer === null || hasPrice(offer)
  return {
    name,
    id,
    status: live === undefined ? null : statusOf(live),
    launchedAtMs,
    goneAtMs,
    numNodes,
    resources: offer,
    ...(Object.keys(machine).length > 0 && { launchedMachine: machine }),
    durationMs: ranMs,
    usdPerHour: isKnown ? usdPerHour : null,
    runningUsdPerHour: sum(meters.filter((meter) => meter.sinceMs !== null)),
    ...askedFor(row.asked),
    totalUsd: usd,
    usageIntervals: sinceMs === null ? spans : [...spans, { startedAtMs: sinceMs, endedAtMs: null }],
    abandoned: lost.length
  }
}

/** `nowMs`: the moment up to which is counted. */
export const costsOf = ({ clusters, costs }: World, { clusterNames }: CostReport, nowMs: number) => {
  const all = [...HashMap.values(costs.rows)].sort(
    (a, b) =>
      Number(a.goneAtMs !== null) - Number(b.goneAtMs !== null) ||
      (b.goneAtMs ?? b.launchedAtMs) - (a.goneAtMs ?? a.launchedAtMs) ||
      b.createdSeq - a.createdSeq
  )
  const names = clusterNames ?? null
  const rows = names === null ? all : all.filter(({ name }) => names.some((asked) => means(asked, name)))
  return {
    costs: rows.map((row) => viewOf(row, clusters, nowMs)),
    notFound: [...new Set(names ?? [])].filter((asked) => !rows.some(({ name }) => means(asked, name))),
    older: names === null ? { clusters: costs.older.clusters, totalUsd: costs.older.usd } : { clusters: 0, totalUsd: 0 }
  }
}
