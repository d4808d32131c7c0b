/** A cluster's row as `status` answers it. Pure. */
import { autostopShown } from "../../projections/autostop-in-force.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf, workOf } from "../../projections/cluster-status.ts"
import { type Jobs, unfinishedOf } from "../../projections/jobs.ts"
import type { ClusterView, ResourceHandle } from "../../sdk/protocol/rows.ts"
import type { Passing } from "../Ongoing.ts"
import { askedFor } from "./asked-for.ts"
import { reasonOf } from "./operation-view.ts"

export const handleOf = (row: ClusterRow): ResourceHandle => ({
  clusterName: row.name,
  clusterId: row.id,
  launchedNodes: row.numNodes,
  launchedResources: row.offer,
  headIp: row.nodes.find(({ rank }) => rank === 0)?.address ?? null
})

/** `nowMs`: the moment that it is of, which what it waits for is told from; `said` by the step that it is at, now. */
export const clusterView = (row: ClusterRow, jobs: Jobs, nowMs: number, said?: Passing): ClusterView => {
  const condition = conditionOf(row, nowMs)
  const { phase, status } = condition
  const open = unfinishedOf(jobs, row.id)
  const [active] = workOf(row)
  const setting = autostopShown(row)
  return {
    name: row.name,
    id: row.id,
    status,
    phase,
    reason: reasonOf(condition, nowMs, said),
    launchedAtMs: row.launchedAtMs,
    lastUse: row.lastUse,
    autostop: setting?.idleMinutes ?? -1,
    toDown: setting?.down ?? false,
    numNodes: row.numNodes,
    resources: row.offer,
    nodes: row.nodes.map(({ address, node, rank, ready, state }) => ({
      rank,
      id: node,
      state: state === "running" && !ready ? "starting" : state,
      address
    })),
    ...askedFor(row.pending.map(({ offer, ranks }) => ({ ranks, usdPerHour: offer.usdPerHour }))),
    headIp: handleOf(row).headIp,
    everUp: row.everUp,
    jobs: {
      pending: open.filter((job) => job.status === "PENDING").length,
      running: open.filter((job) => job.status !== "PENDING").length
    },
    operation: active === undefined ? null : { id: active.id, method: active.method, sinceMs: active.sinceMs },
    handle: handleOf(row),
    metadata: {}
  }
}
