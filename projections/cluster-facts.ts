/** One cluster's row, fact by fact. The switch is the whole story of a cluster: what each fact makes of it. Pure. */
import type { Recorded } from "../events/Recorded.ts"
import { endedItself } from "./autostop-in-force.ts"
import { type ActiveOperation, type ClusterRow, withOperation } from "./ClusterRow.ts"
import { nextOfNodes } from "./node-facts.ts"
import { asksPorts, doubtAfter } from "./open-ports.ts"
import { nextOfSearch, notSearched } from "./search-facts.ts"
import { saysShut } from "./shut.ts"

const wanting = (row: ClusterRow, wanted: ClusterRow["wanted"], reason: string | null, atMs: number): ClusterRow => ({
  ...row,
  wanted,
  wantedReason: reason,
  wantedSinceMs: atMs,
  concluded: false,
  lost: wanted === "up" ? row.lost : [],
  refused: null,
  ...notSearched,
  trouble: null
})

const isRaised = ({ operations }: ClusterRow) =>
  operations.some(({ request }) => request?._tag === "LaunchRequested" || request?._tag === "StartRequested")

/** Who asks for a cluster that another request is looking for a place for gets that place: the search goes on. */
const wantingUp = (row: ClusterRow, { atMs, operation }: Recorded): ClusterRow => {
  const { refusals, refused, refusedBefore, rounds, waiting } = row
  const searched = row.operations.some(({ id, request }) => id !== operation && request?._tag === "LaunchRequested")
  return {
    ...wanting(row, "up", null, atMs),
    ...(searched ? { refusals, refused, refusedBefore, rounds, waiting } : {}),
    launchedAtMs: atMs,
    stoppedReason: null
  }
}

/** Why it was not started is told until then. */
const accepted = (row: ClusterRow): ClusterRow => {
  if (row.refused?.credentials == null) return row
  return { ...row, refused: null, stoppedReason: row.stoppedReason === row.refused.message ? null : row.stoppedReason }
}

/** The row after one of its facts. `undefined`: the cluster is gone. */
export const next = (row: ClusterRow, recorded: Recorded): ClusterRow | undefined => {
  const { atMs, event, operation, seq } = recorded
  switch (event._tag) {
    case "OperationRequested": {
      const active: ActiveOperation = {
        id: event.requestId,
        method: event.method,
        seq,
        user: event.user,
        sinceMs: atMs,
        request: null,
        readyRanks: [],
        synced: false,
        mounted: false,
        setup: "none",
        setupSinceMs: 0
      }
      return { ...row, operations: [...row.operations, active] }
    }
    case "OperationSucceeded":
    case "OperationFailed":
    case "OperationCancelled": {
      const over = operation !== null && row.trouble?.operation === operation
      const active = event._tag === "OperationSucceeded" ? undefined : row.operations.find(({ id }) => id === operation)
      const operations = row.operations.filter(({ id }) => id !== operation)
      return { ...row, operations, portsInDoubt: doubtAfter(row, active), trouble: over ? null : row.trouble }
    }
    case "LaunchRequested":
      return {
        ...wantingUp(
          withOperation(row, operation, (active) => ({ ...active, request: event })),
          recorded
        ),
        numNodes: Math.max(event.numNodes, row.numNodes),
        asksPorts: row.asksPorts || asksPorts(event.task),
        lastUse: event.lastUse
      }
    case "StartRequested":
      return {
        ...wantingUp(
          withOperation(row, operation, (active) => ({ ...active, request: event })),
          recorded
        ),
        lastUse: event.lastUse
      }
    case "JobCancelRequested":
      return withOperation(row, operation, (active) => ({ ...active, request: event }))
    case "ExecRequested":
      return { ...withOperation(row, operation, (active) => ({ ...active, request: event })), lastUse: event.lastUse }
    case "StopRequested":
      return { ...wanting(row, "stopped", null, atMs), purge: event.purge, lastUse: event.lastUse }
    case "DownRequested":
      return { ...wanting(row, "gone", null, atMs), purge: event.purge, lastUse: event.lastUse }
    case "AutostopFired": {
      if (event.past) return { ...row, ...readUpTo(row, recorded, event.entry) }
      const reason = `idle for ${event.idleMinutes} ${event.idleMinutes === 1 ? "minute" : "minutes"}`
      // Whoever asked for the cluster meanwhile gets it: its nodes are then seen stopped, and started again.
      const raised = !event.down && isRaised(row)
      return { ...(raised ? row : wanting(row, event.down ? "gone" : "stopped", reason, atMs)), ...readUpTo(row, recorded, event.entry) }
    }
    case "NodeStopped": {
      const stopped = nextOfNodes(row, recorded)
      return event.forGood && !isRaised(row) ? wanting(stopped, "gone", endedItself(row, event.reason), atMs) : stopped
    }
    case "WorkdirSynced":
      return { ...withOperation(row, operation, (active) => ({ ...active, synced: true })), trouble: null }
    case "FileMountsSynced":
      return { ...withOperation(row, operation, (active) => ({ ...active, mounted: true })), trouble: null }
    case "SetupStarted":
      return withOperation(row, operation, (active) => ({ ...active, setup: "running", setupSinceMs: atMs }))
    case "SetupEnded":
      return { ...withOperation(row, operation, (active) => ({ ...active, setup: event })), ...readUpTo(row, recorded, event.entry) }
    case "JobSubmitted":
      return { ...row, lastJob: event.job }
    case "JobSettingUp":
    case "JobStarted":
    case "JobEnded":
      // A log that was put back from an older backup hears of jobs that it does not know: their numbers are taken.
      return { ...row, lastJob: Math.max(row.lastJob, event.job), ...readUpTo(row, recorded, event.entry) }
    case "JournalGap":
      return { ...row, ...readUpTo(row, recorded, event.to) }
    case "AutostopSet":
      return {
        ...row,
        notArmed: null,
        trouble: row.notArmed === null ? row.trouble : null,
        idleFromMs: event.idleMinutes < 0 ? row.idleFromMs : (row.idleFromMs ?? atMs),
        // A cancelled setting is one too: it must reach the agent.
        autostop: { setting: seq, idleMinutes: Math.max(-1, event.idleMinutes), down: event.down && event.idleMinutes >= 0 }
      }
    case "AutostopArmed": {
      const told = row.autostop?.setting === event.setting ? row.autostop : null
      const inForce = told === null ? row.inForce : { idleMinutes: told.idleMinutes, down: told.down }
      // Until it is told that there is none, it counts on from the one before.
      const idleFromMs = told !== null && told.idleMinutes < 0 ? null : row.idleFromMs
      return { ...row, armed: event.setting, inForce, idleFromMs, notArmed: null, trouble: null }
    }
    case "ClusterStopped":
      return { ...row, wanted: "stopped", concluded: true, stoppedReason: event.reason, notArmed: null, trouble: null, purge: false }
    case "ClusterGone":
      return undefined
    case "ClusterAdopted": {
      const { log = null, numNodes, offer, owner = null } = event
      // What was up once is never given up for another place. What it was launched with, its log may not have.
      return { ...row, log, numNodes, offer, owner, everUp: true, asksPorts: true }
    }
    case "ClusterImported": {
      // Up as far as it is: what is missing of it is not in the making any more.
      const nodes = row.nodes.map((node) =>
        node.state === "running" ? node : { ...node, state: "running" as const, ready: false, reason: null, sinceMs: atMs }
      )
      return { ...wanting(row, "up", null, atMs), purge: false, everUp: true, pending: [], nodes }
    }
    case "ActionFailed":
    case "ReactorFailed": {
      const { message } = event
      // Other actions are tried on for the cluster's own sake; a sync is not, once its operation has ended.
      const alone = event._tag === "ActionFailed" && ["OpenPorts", "Sync", "Mount"].includes(event.action)
      const credentials = (event._tag === "ActionFailed" ? event.credentials : undefined) ?? null
      const keyLost = event._tag === "ActionFailed" && saysShut(event)
      const notArmed = event._tag === "ActionFailed" && event.action === "Arm" ? { message } : row.notArmed
      return {
        ...row,
        notArmed,
        trouble: { message, sinceMs: row.trouble?.sinceMs ?? atMs, operation: alone ? operation : null, credentials, keyLost }
      }
    }
    case "CredentialsAccepted":
      return accepted(row)
    default:
      return nextOfNodes(nextOfSearch(row, event, atMs), recorded)
  }
}

/** An entry of a journal that the head has left behind says nothing of how far the present one was read. */
const readUpTo = ({ journal }: ClusterRow, { stream }: Recorded, entry: number) =>
  journal === null || stream !== `journal/${journal.id}` ? {} : { journal: { ...journal, last: Math.max(journal.last, entry) } }
