/**
 * What should happen next for one cluster. Pure, and derived from what is wanted and what exists, never from the event that
 * just happened: after a crash the same row gives the same plan, with the same token, so nothing is bought twice.
 */
import type { NodeToken, OperationId, Seq } from "../../events/ids.ts"
import { isArmed } from "../../projections/autostop-in-force.ts"
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import { mayMove, workOf } from "../../projections/cluster-status.ts"
import { isOver, type Jobs, jobOf } from "../../projections/jobs.ts"
import { closedPorts } from "../../projections/open-ports.ts"
import { isVainToStart } from "../../projections/refusals.ts"
import { localMountsOf } from "../../task/mounts.ts"
import { hasSetup } from "../../task/Task.ts"
import { refuseMisfit } from "../commands/checks.ts"

export type Action =
  /** Find out what became of a token, by asking for it again. */
  | { readonly _tag: "Provision"; readonly token: NodeToken }
  /** What came of it, before its cluster ends: it is not asked for where it was not yet. */
  | { readonly _tag: "LookFor"; readonly token: NodeToken }
  /** The same before a purge, which does not wait for an answer. */
  | { readonly _tag: "AskOnce"; readonly token: NodeToken }
  /** Write down a token for the ranks that are missing. */
  | { readonly _tag: "RequestNodes"; readonly ranks: ReadonlyArray<number> }
  /** Write down that stopped nodes are about to be started. */
  | { readonly _tag: "BeginStart"; readonly ranks: ReadonlyArray<number> }
  | { readonly _tag: "StartNodes"; readonly ranks: ReadonlyArray<number>; readonly operation: OperationId | null }
  | { readonly _tag: "InstallAgents"; readonly ranks: ReadonlyArray<number>; readonly operation: OperationId | null }
  | { readonly _tag: "Arm"; readonly setting: Seq }
  /** On a cluster that was there before, and has them not. */
  | { readonly _tag: "OpenPorts"; readonly operation: OperationId; readonly ports: ReadonlyArray<string> }
  /** Whether they are open, where a launch that asked for them ended without an answer. */
  | { readonly _tag: "LookForPorts"; readonly operation: OperationId; readonly ports: ReadonlyArray<string> }
  | { readonly _tag: "Sync"; readonly operation: OperationId }
  | { readonly _tag: "Mount"; readonly operation: OperationId }
  | { readonly _tag: "BeginSetup"; readonly operation: OperationId }
  | { readonly _tag: "FailMisfit"; readonly operation: OperationId }
  | { readonly _tag: "FailSetup"; readonly operation: OperationId }
  | { readonly _tag: "Submit"; readonly operation: OperationId }
  | { readonly _tag: "FinishStart"; readonly operation: OperationId }
  /** Its place gave not all that a new cluster needs: what it gave is released, and the next one is looked for; `tried` did not give it. */
  | { readonly _tag: "ClearPlace"; readonly ranks: ReadonlyArray<number> }
  | { readonly _tag: "NextPlace"; readonly tried: number }
  /** No place gave it, and the user waits it out. */
  | { readonly _tag: "NextRound"; readonly atMs: number }
  /** A place refused, and no other will do; `times` it did. Over, or, when the user waits it out, asked again. */
  | { readonly _tag: "GiveUpPlace" }
  | { readonly _tag: "AskAgain"; readonly ranks: ReadonlyArray<number>; readonly times: number }
  | { readonly _tag: "StopNodes"; readonly ranks: ReadonlyArray<number> }
  | { readonly _tag: "ReleaseNodes"; readonly ranks: ReadonlyArray<number> }
  | { readonly _tag: "Conclude" }
  /** Autostop settings that are armed, cancels whose jobs are over. */
  | { readonly _tag: "EndRequests"; readonly operations: ReadonlyArray<OperationId> }

const arm = (row: ClusterRow): Action | undefined => (isArmed(row) ? undefined : { _tag: "Arm", setting: row.autostop!.setting })

/** Requests beside the pipeline that have reached their goal. */
const reachedOf = (row: ClusterRow, jobs: Jobs): ReadonlyArray<ActiveOperation> =>
  row.operations.filter(({ method, request }) => {
    if (method === "autostop") return isArmed(row)
    if (method !== "cancel" || request?._tag !== "JobCancelRequested") return false
    return request.jobs.every((id) => isOver(jobOf(jobs, row.id, id) ?? { status: "CANCELLED" }))
  })

const missingOf = (row: ClusterRow): ReadonlyArray<number> =>
  Array.from({ length: row.numNodes }, (_, rank) => rank).filter((rank) => !row.nodes.some((node) => node.rank === rank))

const ranks = (nodes: ReadonlyArray<{ readonly rank: number }>) => nodes.map(({ rank }) => rank)

const ending = (row: ClusterRow): Action | undefined => {
  if (row.wanted === "gone") return row.nodes.length > 0 ? { _tag: "ReleaseNodes", ranks: ranks(row.nodes) } : { _tag: "Conclude" }
  const running = row.nodes.filter(({ state }) => state !== "stopped")
  if (running.length > 0) return { _tag: "StopNodes", ranks: ranks(running) }
  return row.concluded && row.nodes.length > 0 ? undefined : { _tag: "Conclude" }
}

const afterRefusal = ({ refused }: ClusterRow, { request }: ActiveOperation, asked: ReadonlyArray<number>): Action => {
  if (refused === null || isVainToStart(refused)) return { _tag: "GiveUpPlace" }
  const waits = (request?._tag === "LaunchRequested" || request?._tag === "StartRequested") && request.retryUntilUp
  return waits ? { _tag: "AskAgain", ranks: asked, times: refused.times } : { _tag: "GiveUpPlace" }
}

const elsewhere = (row: ClusterRow): Action => {
  if (row.nodes.length > 0) return { _tag: "ClearPlace", ranks: ranks(row.nodes) }
  return row.refused?.scope === "everywhere" ? { _tag: "GiveUpPlace" } : { _tag: "NextPlace", tried: row.refusals.length }
}

const lookForPorts = ({ nodes, portsInDoubt }: ClusterRow): Action | undefined =>
  portsInDoubt === null || nodes.length === 0 ? undefined : { _tag: "LookForPorts", ...portsInDoubt }

/** The nodes that a cluster lacks: here, or elsewhere. */
const getMissing = (row: ClusterRow, active: ActiveOperation, missing: ReadonlyArray<number>): Action => {
  if (row.waiting !== null) return { _tag: "NextRound", atMs: row.waiting.retryAtMs }
  // New ones get the ports that are known to be open.
  if (row.refused === null) return lookForPorts(row) ?? { _tag: "RequestNodes", ranks: missing }
  return mayMove(row, active) ? elsewhere(row) : afterRefusal(row, active, missing)
}

/** Every node runs, with an agent that this operation looked after. */
const raise = (row: ClusterRow, active: ActiveOperation): Action | undefined => {
  const missing = missingOf(row)
  if (missing.length > 0) return getMissing(row, active, missing)
  // One that is off for a reason that its cloud does not tell is started by who asks for that.
  const isStart = active.request?._tag === "StartRequested"
  const stopped = row.nodes.filter(({ off, state }) => state === "stopped" || (off === true && isStart))
  if (stopped.length > 0) {
    if (row.refused === null) return { _tag: "BeginStart", ranks: ranks(stopped) }
    // All or none: while some are refused, the others cost nothing.
    const others = row.nodes.filter((node) => !stopped.includes(node))
    return others.length > 0 ? { _tag: "StopNodes", ranks: ranks(others) } : afterRefusal(row, active, ranks(stopped))
  }
  const starting = row.nodes.filter(({ state }) => state === "starting")
  if (starting.length > 0) return { _tag: "StartNodes", ranks: ranks(starting), operation: active.id }
  const silent = row.nodes.filter(({ rank, ready }) => !ready || !active.readyRanks.includes(rank))
  if (silent.length > 0) return { _tag: "InstallAgents", ranks: ranks(silent), operation: active.id }
  return arm(row)
}

/**
 * Whoever was let in while the cluster looked for its place fitted the place of that moment. Whose cluster it is went where its own wish
 * fits.
 */
const isMisplaced = (row: ClusterRow, { request, seq }: ActiveOperation) =>
  request?._tag === "LaunchRequested" && seq > row.createdSeq + 1 && refuseMisfit(row, request.task) !== undefined

/** The steps of a launch or an exec once its nodes are there. `undefined`: setup runs on the nodes. */
const steps = (row: ClusterRow, active: ActiveOperation): Action | undefined => {
  const { id: operation, request } = active
  if (request?._tag !== "LaunchRequested" && request?._tag !== "ExecRequested") return undefined
  if (isMisplaced(row, active)) return { _tag: "FailMisfit", operation }
  const ports = request._tag === "LaunchRequested" ? closedPorts(row, request.task) : []
  if (ports.length > 0) return { _tag: "OpenPorts", operation, ports }
  if (typeof request.task.workdir === "string" && !active.synced) return { _tag: "Sync", operation }
  if (request._tag === "LaunchRequested" && !active.mounted && localMountsOf(request.task).length > 0) return { _tag: "Mount", operation }
  if (request._tag === "LaunchRequested" && hasSetup(request.task) && !request.noSetup && !request.detachSetup) {
    if (active.setup === "none") return { _tag: "BeginSetup", operation }
    if (active.setup === "running") return undefined
    if (active.setup.failedRank !== null || active.setup.reason !== null) return { _tag: "FailSetup", operation }
  }
  return { _tag: "Submit", operation }
}

const work = (row: ClusterRow): Action | undefined => {
  const [active] = workOf(row)
  if (active?.request?._tag === "LaunchRequested") return raise(row, active) ?? steps(row, active)
  if (active?.request?._tag === "StartRequested") return raise(row, active) ?? { _tag: "FinishStart", operation: active.id }
  // Nobody raises it, yet a node was seen stopped: then the cluster is stopped, as a whole.
  if (row.nodes.some(({ state }) => state === "stopped")) return ending({ ...row, wanted: "stopped", concluded: false })
  const starting = row.nodes.filter(({ state }) => state === "starting")
  if (starting.length > 0) return { _tag: "StartNodes", ranks: ranks(starting), operation: active?.id ?? null }
  if (row.nodes.length === 0) return { _tag: "Conclude" }
  const silent = row.nodes.filter(({ ready }) => !ready)
  if (silent.length > 0) return row.everUp ? { _tag: "InstallAgents", ranks: ranks(silent), operation: null } : undefined
  const next = active === undefined ? undefined : steps(row, active)
  // What the cloud has refused keeps no job waiting.
  return row.notArmed !== null && next !== undefined ? next : (arm(row) ?? next)
}

export const plan = (row: ClusterRow, jobs: Jobs): Action | undefined => {
  const reached = reachedOf(row, jobs)
  if (reached.length > 0) return { _tag: "EndRequests", operations: reached.map(({ id }) => id) }
  const [pending] = row.pending
  if (pending !== undefined) return { _tag: row.wanted !== "gone" ? "Provision" : row.purge ? "AskOnce" : "LookFor", token: pending.token }
  const next = row.wanted === "up" ? work(row) : ending(row)
  return next ?? (workOf(row).length > 0 ? undefined : lookForPorts(row))
}
