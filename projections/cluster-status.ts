/** What a cluster's row amounts to: SkyPilot's word for it, and behind INIT the phase and the reason. */

import { lasting } from "../task/lasting.ts"
import { placeName } from "../task/place.ts"
import { plural } from "../task/plural.ts"
import { hasPrice, priceText } from "../task/price.ts"
import { inner } from "../task/sentence.ts"
import { arming, notArmedText } from "./autostop-in-force.ts"
import type { ActiveOperation, ClusterRow, NodeRow, PendingToken } from "./ClusterRow.ts"
import { whyNotKnown } from "./not-known.ts"
import { inDoubtText } from "./open-ports.ts"
import { offAgain, refusalText } from "./refusals.ts"

type ClusterStatus = "INIT" | "UP" | "STOPPED"

export interface Condition {
  readonly status: ClusterStatus
  /** What is being done with it; null at rest. */
  readonly phase: string | null
  /** What that waits for, or why it is as it is. */
  readonly reason: string | null
  /** Since when the reason holds. */
  readonly sinceMs: number
}

/** Operations that work on a cluster step by step, one after the other. */
const pipeline = new Set(["launch", "exec", "start", "stop", "down"])
export const workOf = (row: ClusterRow): ReadonlyArray<ActiveOperation> => row.operations.filter(({ method }) => pipeline.has(method))

/** The launch or start that makes the cluster INIT until it has ended. */
export const raisingOf = (row: ClusterRow): ActiveOperation | undefined =>
  workOf(row).find(({ method }) => method === "launch" || method === "start")

/** A cluster that was UP once is bound to its disks, and so is one whose nodes are stopped. */
export const mayMove = (row: ClusterRow, { request }: ActiveOperation): boolean =>
  request?._tag === "LaunchRequested" && !row.everUp && row.nodes.every(({ state }) => state !== "stopped")

export const isWhole = (row: ClusterRow): boolean =>
  row.nodes.length >= row.numNodes && row.nodes.every((node) => node.state === "running" && node.ready)

const list = (nodes: ReadonlyArray<NodeRow>) => nodes.map(({ rank }) => (rank === 0 ? "the head" : `worker ${rank}`)).join(", ")

const afterRefusals = ({ refusals }: ClusterRow): string => {
  const last = refusals.at(-1)
  return last === undefined ? "" : `, after ${plural(refusals.length, "refusal")}: ${refusalText(last)}`
}

/** `nowMs`: where somebody asks at some moment. */
const when = (atMs: number, nowMs: number | undefined) =>
  nowMs === undefined ? "soon" : atMs <= nowMs ? "now" : `in ${lasting(Math.ceil((atMs - nowMs) / 1000) * 1000)}`

const askedFor = ({ offer, ranks }: PendingToken) => `${plural(ranks.length, "node")} from ${placeName(offer)}`

const raising = (row: ClusterRow, active: ActiveOperation, nowMs: number | undefined): Condition => {
  const init = (phase: string, reason: string, sinceMs = active.sinceMs): Condition => ({ status: "INIT", phase, reason, sinceMs })
  const [pending] = row.pending
  if (pending !== undefined) {
    return init("provision", `waiting for ${askedFor(pending)}${afterRefusals(row)}`, pending.sinceMs)
  }
  if (row.waiting !== null) {
    const { message, retryAtMs, sinceMs } = row.waiting
    return init("provision", `all places are asked again ${when(retryAtMs, nowMs)}: ${message}`, sinceMs)
  }
  if (row.refused !== null) {
    const searching = mayMove(row, active)
    return init(
      "provision",
      searching ? `looking for another place${afterRefusals(row)}` : `refused, to be asked again: ${row.refused.message}`
    )
  }
  if (row.nodes.length < row.numNodes) return init("provision", `asking for ${plural(row.numNodes - row.nodes.length, "node")}`)
  const stopped = row.nodes.filter(({ state }) => state !== "running")
  if (stopped.length > 0) return init("provision", `starting ${list(stopped)}`)
  const silent = row.nodes.filter(({ rank, ready }) => !ready || !active.readyRanks.includes(rank))
  if (silent.length > 0)
    return init("bootstrap", `waiting for the agent on ${list(silent)}`, Math.max(...silent.map((node) => node.sinceMs)))
  if (active.setup === "running") return init("setup", `running setup on ${plural(row.nodes.length, "node")}`, active.setupSinceMs)
  const set = arming(row)
  if (set !== null) return init("autostop", set)
  return init("sync", "bringing files onto the nodes")
}

const isAway = (node: NodeRow) => node.state !== "running" || !node.ready
const atRest = (reason: string, sinceMs: number): Condition => ({ status: "INIT", phase: null, reason, sinceMs })

/** Of many at most some. */
const lostMax = 3
const whyLost = (lost: ClusterRow["lost"]) => {
  const said = lost.flatMap(({ rank, reason }) => (reason === null ? [] : [`${rank === 0 ? "the head" : `worker ${rank}`}: ${reason}`]))
  const more = said.length > lostMax ? ` and ${said.length - lostMax} more` : ""
  return said.length === 0 ? "" : ` (${said.slice(0, lostMax).join(", ")}${more})`
}

/** It ran when it was last seen, and nobody can look: that its agent is not heard says nothing of the machine, which is paid for. */
const notSeen = ({ trouble }: ClusterRow, node: NodeRow): string | undefined => {
  const why = node.state === "running" && node.off !== true ? whyNotKnown(node.reason) : undefined
  if (why === undefined) return undefined
  return `${list([node])} is not reached, and what became of its machine is not known: ${inner(trouble?.message ?? why)}; it was running when last seen`
}

/** Nobody raises it. What it has is looked after all the same, since it was UP once. */
const notWhole = (row: ClusterRow): Condition => {
  const { launchedAtMs, lost, name, nodes, numNodes, pending } = row
  const [asked] = pending
  const broken = nodes.find(isAway)
  const missing = numNodes - nodes.length
  const said: Array<string> = []
  if (broken !== undefined) {
    said.push(
      notSeen(row, broken) ??
        `${list([broken])}: ${broken.reason ?? (broken.state === "running" ? "its agent has not answered yet" : broken.state)}`
    )
  }
  if (asked !== undefined) said.push(`waiting for ${askedFor(asked)}`)
  else if (missing > 0)
    said.push(`${plural(missing, "node")} of ${numNodes} missing${whyLost(lost)}; bring it up again with: sky launch or sky start ${name}`)
  return atRest(said.join("; "), broken?.sinceMs ?? launchedAtMs)
}

/** Of a launch that is over before its cluster was UP: it may cost, and nothing is done with it until its user says what. */
const leftOver = (row: ClusterRow): Condition => {
  const { launchedAtMs, name, nodes, numNodes, pending, trouble } = row
  if (nodes.length + pending.length === 0) return notWhole(row)
  const cause = trouble === null ? "" : ` (${trouble.message})`
  const given = `only ${nodes.length} of ${plural(numNodes, "node")} ${nodes.length === 1 ? "is" : "are"} there`
  const what =
    pending[0] !== undefined
      ? `nobody works on it any more, and ${askedFor(pending[0])} may still come${cause}`
      : nodes.length === numNodes
        ? `nobody works on it any more: its launch ended before the agent on ${list(nodes.filter(isAway))} answered${cause}`
        : // It gave not all, and what it gave was not ended: no word of the cloud says that better.
          `${given}${trouble === null ? "" : ` and could not be released${cause}`}`
  return atRest(`${what}. To end it: sky down ${name}; to go on: sky launch or sky start ${name}`, trouble?.sinceMs ?? launchedAtMs)
}

/** It is to be gone, and what is left of it runs no more: its disks are paid for until its cloud has deleted it. */
export const waitsToBeDeleted = ({ nodes, pending, wanted }: ClusterRow): boolean =>
  wanted === "gone" && pending.length === 0 && nodes.length > 0 && nodes.every(({ state }) => state === "stopped")

/** A stop or a down that has not come about, and why, where something keeps it. */
const ending = (phase: "stop" | "down", { trouble, wantedReason, wantedSinceMs }: ClusterRow): Condition => {
  const init = { status: "INIT", phase } as const
  return trouble === null
    ? { ...init, reason: wantedReason ?? (phase === "stop" ? "being stopped" : "being torn down"), sinceMs: wantedSinceMs }
    : { ...init, reason: `${wantedReason ?? `a ${phase} was asked for`}, and waits: ${trouble.message}`, sinceMs: trouble.sinceMs }
}

/** Its cloud did not say that they are off: it was asked by a purge, which does without. */
export const unconfirmedOf = ({ nodes }: ClusterRow) =>
  nodes.filter(({ state, unconfirmed }) => state === "stopped" && unconfirmed === true)

const notConfirmed = (row: ClusterRow): string | null => {
  const { length } = unconfirmedOf(row)
  if (length === 0) return null
  const which = row.nodes.length === 1 ? "its machine" : `${length} of its ${row.nodes.length} machines`
  const cost = row.offer === null || (row.offer.usdPerHour === 0 && hasPrice(row.offer)) ? "" : `, ${priceText(row.offer, length)}`
  return `stopped by a purge, not confirmed by the cloud: ${which} may still run${cost}`
}

/** A start that its place has refused since is over: what it said then may not hold any more. */
const whyStopped = ({ refused, stoppedReason, wantedReason, wantedSinceMs }: ClusterRow, nowMs: number | undefined): string | null => {
  if (refused === null || refused.message !== stoppedReason) return stoppedReason ?? wantedReason
  if (refused.code === offAgain) return stoppedReason
  return `it was not started${nowMs === undefined ? "" : ` ${lasting(Math.max(1000, nowMs - wantedSinceMs))} ago`}: ${stoppedReason}`
}

/** Computed from what is wanted and what exists, at any moment of the log. */
export const conditionOf = (row: ClusterRow, nowMs?: number): Condition => {
  const troubled = (condition: Condition): Condition =>
    row.trouble === null ? condition : { ...condition, reason: row.trouble.message, sinceMs: row.trouble.sinceMs }
  if (row.wanted === "gone") {
    if (waitsToBeDeleted(row)) {
      const { message, sinceMs } = row.trouble ?? { message: row.wantedReason ?? "being torn down", sinceMs: row.wantedSinceMs }
      return { status: "INIT", phase: "down", reason: `it is off, and waits to be deleted: ${message}`, sinceMs }
    }
    return ending("down", row)
  }
  const active = raisingOf(row)
  if (active !== undefined && row.wanted === "up") return troubled(raising(row, active, nowMs))
  const running = row.nodes.filter(({ state }) => state !== "stopped")
  if (row.wanted === "stopped") {
    const rest = row.pending.length === 0 && running.length === 0
    if (rest)
      return {
        status: "STOPPED",
        phase: null,
        reason: notConfirmed(row) ?? inDoubtText(row) ?? whyStopped(row, nowMs),
        sinceMs: row.wantedSinceMs
      }
    return ending("stop", row)
  }
  if (isWhole(row)) {
    const reason = notArmedText(row) ?? inDoubtText(row) ?? row.trouble?.message ?? null
    return { status: "UP", phase: null, reason, sinceMs: row.launchedAtMs }
  }
  const unseen = row.nodes.find((node) => isAway(node))
  return !row.everUp ? leftOver(row) : unseen !== undefined && notSeen(row, unseen) !== undefined ? notWhole(row) : troubled(notWhole(row))
}

export const statusOf = (row: ClusterRow): ClusterStatus => conditionOf(row).status
