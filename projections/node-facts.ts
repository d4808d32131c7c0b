/** A cluster's row after a fact about its nodes: what the cloud gave, started, stopped or took away, and where an agent answers. Pure. */
import type { Event } from "../events/Event.ts"
import type { OperationId } from "../events/ids.ts"
import { Seq } from "../events/ids.ts"
import type { Recorded } from "../events/Recorded.ts"
import { type ClusterRow, type NodeRow, withOperation } from "./ClusterRow.ts"
import { nextOfPorts } from "./open-ports.ts"
import { notSearched } from "./search-facts.ts"

const withNode = (row: ClusterRow, rank: number, change: (node: NodeRow) => NodeRow): ClusterRow => ({
  ...row,
  nodes: row.nodes.map((node) => {
    if (node.rank !== rank) return node
    const { off: _, unconfirmed: __, ...known } = node
    return change(known)
  })
})

/** The row after one of its facts, when that is about its nodes; else the row as it is. */
export const nextOfNodes = (row: ClusterRow, { atMs, event, operation }: Recorded): ClusterRow => {
  switch (event._tag) {
    case "NodeProvisioned":
      return provisioned(row, event, atMs)
    case "NodeStarting": {
      const starting = withNode(row, event.rank, (node) => ({ ...node, state: "starting", ready: false, reason: null, sinceMs: atMs }))
      // Of a cluster that rests as stopped: somebody else has started it, and it is up.
      return row.wanted === "stopped" && row.concluded
        ? { ...starting, wanted: "up", wantedReason: null, concluded: false, stoppedReason: null }
        : starting
    }
    case "NodeStarted":
      return {
        ...withNode(row, event.rank, (node) => ({
          ...node,
          state: "running",
          address: event.address,
          ready: false,
          reason: null,
          sinceMs: atMs
        })),
        armed: event.rank === 0 ? Seq.make(0) : row.armed,
        refused: null,
        trouble: null
      }
    case "NodeStopped":
      return {
        ...withNode(row, event.rank, (node) => ({
          ...node,
          state: "stopped",
          ...(event.confirmed === false && { unconfirmed: true }),
          ready: false,
          reason: event.reason,
          sinceMs: atMs
        })),
        trouble: null
      }
    case "NodeReleased":
    case "NodeAbandoned": {
      const isUnasked = row.everUp && (row.wanted === "up" || row.concluded)
      const lost = isUnasked ? [...row.lost, { rank: event.rank, node: event.node, reason: event.reason }] : row.lost
      return { ...row, lost, nodes: row.nodes.filter(({ node }) => node !== event.node), trouble: null }
    }
    case "RequestAbandoned":
      return { ...row, pending: row.pending.filter(({ token }) => token !== event.token), trouble: null }
    case "RuntimeReady":
      return ready(row, event, operation, atMs)
    case "RuntimeLost":
      return withNode(row, event.rank, (node) => ({
        ...node,
        ...(event.off && { off: true }),
        ready: false,
        reason: event.reason,
        sinceMs: atMs
      }))
    case "PortsOpened":
    case "PortsNotOpened":
      return nextOfPorts(row, event)
    default:
      return row
  }
}

const provisioned = (row: ClusterRow, event: Event & { readonly _tag: "NodeProvisioned" }, atMs: number): ClusterRow => {
  const { address, diskGib: cameGib = row.cameGib, host = null, hostKey = null, node, rank, token } = event
  const fresh: NodeRow = { rank, node, token, address, host, hostKey, state: "running", ready: false, reason: null, sinceMs: atMs }
  const pending = row.pending.flatMap((asked) => {
    if (asked.token !== token) return [asked]
    const ranks = asked.ranks.filter((other) => other !== rank)
    return ranks.length === 0 ? [] : [{ ...asked, ranks }]
  })
  const nodes = [...row.nodes.filter((other) => other.rank !== rank), fresh].sort((a, b) => a.rank - b.rank)
  const lost = row.lost.filter((other) => other.rank !== rank)
  return { ...row, cameGib, pending, nodes, lost, refused: null, trouble: null }
}

const ready = (
  row: ClusterRow,
  event: Event & { readonly _tag: "RuntimeReady" },
  operation: OperationId | null,
  atMs: number
): ClusterRow => {
  const seen = withNode(row, event.rank, (node) => ({
    ...node,
    address: event.address ?? node.address,
    hostKey: event.hostKey ?? node.hostKey,
    ready: true,
    reason: null,
    sinceMs: atMs
  }))
  const done = withOperation(seen, operation, (active) => ({ ...active, readyRanks: [...active.readyRanks, event.rank] }))
  const journal = event.rank !== 0 || row.journal?.id === event.journal ? row.journal : { id: event.journal, last: 0 }
  const everUp = row.everUp || (done.nodes.length >= row.numNodes && done.nodes.every((node) => node.ready))
  // Another journal is an agent that holds nothing of what the one before was told.
  const holds = journal?.id === row.journal?.id ? {} : { armed: Seq.make(0), inForce: null }
  // Where it is now is its place for ever: what refused before is of no more use.
  const search = everUp ? notSearched : {}
  const lastJob = Math.max(done.lastJob, event.lastJob ?? 0)
  return { ...done, ...search, ...holds, journal, everUp, lastJob, trouble: null }
}
