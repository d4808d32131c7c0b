/** A cluster's row as `status` answers it. Pure. */
import { autostopShown, isArmed } from "../../projections/autostop-in-force.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { type Condition, conditionOf, unconfirmedOf, waitsToBeDeleted, workOf } from "../../projections/cluster-status.ts"
import { type Jobs, unfinishedOf } from "../../projections/jobs.ts"
import { machineNow } from "../../projections/machine-now.ts"
import type { ClusterView, ResourceHandle } from "../../sdk/protocol/rows.ts"
import { priceText } from "../../task/price.ts"
import { inner } from "../../task/sentence.ts"
import type { Passing } from "../requests/Ongoing.ts"
import { askedFor } from "./asked-for.ts"
import { reasonOf } from "./operation-view.ts"

export const handleOf = (row: ClusterRow): ResourceHandle => {
  const { clone: _, ...machine } = machineNow(row)
  return {
    clusterName: row.name,
    clusterId: row.id,
    launchedNodes: row.numNodes,
    launchedResources: row.offer,
    ...(Object.keys(machine).length > 0 && { launchedMachine: machine }),
    headIp: row.nodes.find(({ rank }) => rank === 0)?.address ?? null
  }
}

/** What the disk of a machine on this offer costs an hour while that is off, as its cloud tells. */
type DiskUsdPerHour = (row: ClusterRow) => number | null

const isOff = ({ off, state, unconfirmed }: NodeRow) => (state === "stopped" && unconfirmed !== true) || off === true

const offDisksOf = (row: ClusterRow, diskUsd: DiskUsdPerHour) => {
  const machines = row.nodes.filter(isOff).length
  const usd = machines === 0 ? null : diskUsd(row)
  return usd === null || usd === 0 ? {} : { offDisks: { machines, usdPerHour: machines * usd } }
}

const mayRunOf = (row: ClusterRow) => {
  const { length } = unconfirmedOf(row)
  return length === 0 ? {} : { mayRun: { machines: length, usdPerHour: length * (row.offer?.usdPerHour ?? 0) } }
}

/** What waiting for an end costs, and what ends it. */
const untilEnded = (row: ClusterRow, { phase }: Condition, { offDisks }: ReturnType<typeof offDisksOf>): string => {
  const disks = (offDisks?.machines ?? 1) === 1 ? "its disk costs" : "its disks cost"
  const isCosting = offDisks !== undefined && waitsToBeDeleted(row)
  const cost = isCosting ? `; ${disks} about ${priceText({ usdPerHour: offDisks.usdPerHour })} until then` : ""
  const isHeld = row.trouble !== null && row.wanted !== "up" && (phase === "stop" || phase === "down")
  return `${cost}${isHeld ? `. It is tried again by itself; to see that through: sky ${phase} ${row.name}` : ""}`
}

/** `nowMs`: the moment that it is of, which what it waits for is told from; `said` by the step that it is at, now. */
export const clusterView = (
  row: ClusterRow,
  jobs: Jobs,
  nowMs: number,
  said?: Passing,
  diskUsd: DiskUsdPerHour = () => null
): ClusterView => {
  const condition = conditionOf(row, nowMs)
  const { phase, status } = condition
  const off = offDisksOf(row, diskUsd)
  const until = untilEnded(row, condition, off)
  const why = reasonOf(condition, nowMs, said)
  const open = unfinishedOf(jobs, row.id)
  const [active] = workOf(row)
  const setting = autostopShown(row)
  return {
    name: row.name,
    id: row.id,
    status,
    phase,
    reason: why === null ? null : `${until === "" ? why : inner(why)}${until}`,
    launchedAtMs: row.launchedAtMs,
    lastUse: row.lastUse,
    autostop: setting?.idleMinutes ?? -1,
    toDown: setting?.down ?? false,
    ...(row.autostop !== null && !isArmed(row) && { autostopWanted: row.autostop.idleMinutes >= 0 }),
    numNodes: row.numNodes,
    resources: row.offer,
    nodes: row.nodes.map((one) => ({
      rank: one.rank,
      id: one.node,
      ...(one.host !== null && { host: one.host }),
      state: isOff(one) || one.state === "stopped" ? "stopped" : one.state === "running" && !one.ready ? "starting" : one.state,
      address: one.address
    })),
    ...askedFor(row.pending.map(({ offer, ranks }) => ({ ranks, usdPerHour: offer.usdPerHour }))),
    ...off,
    ...mayRunOf(row),
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
