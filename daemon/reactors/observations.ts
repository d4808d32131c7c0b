/** What is new in what a cloud says of a cluster's nodes. Pure. A wanted end is the reconciler's business and no news. */
import type { Event } from "../../events/Event.ts"
import type { NodeId } from "../../events/ids.ts"
import { mayHaveGoneDown } from "../../projections/autostop-in-force.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { notKnown, wentAway } from "../../projections/not-known.ts"
import type { NodeState } from "../clouds/Cloud.ts"

/** Others have started it, perhaps at another address: what is on it is looked after as after a start of ours. */
const isFoundUp = (node: NodeRow, { address }: NodeState, isSilent: boolean) =>
  node.state === "stopped" || (address !== null && address !== node.address && (isSilent || !node.ready))

/** A cluster that was stopped is up again when all of it is; else it is still for the user to say what it should be. */
const isWhole = ({ nodes }: ClusterRow, states: ReadonlyArray<NodeState>) =>
  nodes.every(({ node: id }) => states.some(({ node, state }) => node === id && state === "running"))

/** Where its cloud says no more of it. */
export const notThere = "it does not exist any more"

interface Around {
  /** That a machine ended itself for good is not believed where it cannot have: what is deleted by mistake does not come back. */
  readonly nowMs: number
  /** The nodes whose agent does not answer. */
  readonly silent: ReadonlySet<NodeId>
  /** Those that the head does not reach, and why. */
  readonly apart?: ReadonlyMap<number, string>
}

export const observations = (
  row: ClusterRow,
  states: ReadonlyArray<NodeState>,
  { apart = new Map(), nowMs, silent }: Around
): ReadonlyArray<Event> => {
  const mayBeUp = row.wanted === "up" || isWhole(row, states)
  return row.nodes.flatMap((node): ReadonlyArray<Event> => {
    const { node: id, rank } = node
    const now = states.find((state) => state.node === id)
    const about = { cluster: row.id, rank, node: id }
    if (now === undefined) return []
    // It is told to start, and what is seen may be older than that.
    if (node.state === "starting" && now.state === "stopped") return []
    const isSilent = silent.has(id)
    const ended = now.endedAtMs === undefined ? about : { ...about, endedAtMs: now.endedAtMs }
    if (now.state === "missing") return [{ _tag: "NodeReleased", ...ended, reason: now.reason ?? notThere }]
    if (mayBeUp && now.state === "running" && isFoundUp(node, now, isSilent)) return [{ _tag: "NodeStarting", ...about }]
    // The head decides for its cluster; a worker that went off alone did so for another reason.
    const last = now.down && rank === 0 && mayHaveGoneDown(row, nowMs) ? { forGood: true } : {}
    if (now.state === "stopped" && (node.state !== "stopped" || node.unconfirmed))
      return [{ _tag: "NodeStopped", ...ended, reason: now.reason, ...last }]
    const lost = now.state !== "stopped" && node.ready && isSilent
    const isOff = now.state === "unknown" && now.off === true && node.state === "running"
    const reason = now.state === "unknown" ? `${notKnown}${now.reason}` : wentAway
    if (lost || (isOff && !node.ready && !node.off)) return [{ _tag: "RuntimeLost", ...about, reason, ...(isOff && { off: true }) }]
    const why = node.ready && now.state !== "stopped" ? apart.get(rank) : undefined
    return why === undefined ? [] : [{ _tag: "RuntimeLost", ...about, reason: `the head does not reach it: ${why}` }]
  })
}

/** Of what is to be gone and could not be ended yet: what runs no more costs its disk alone until then. */
export const seenOff = (row: ClusterRow, states: ReadonlyArray<NodeState>): ReadonlyArray<Event> =>
  row.nodes.flatMap(({ node, rank, state }): ReadonlyArray<Event> => {
    const now = states.find((one) => one.node === node)
    if (state === "stopped" || now?.state !== "stopped") return []
    const { endedAtMs, reason } = now
    return [{ _tag: "NodeStopped", cluster: row.id, rank, node, reason, ...(endedAtMs !== undefined && { endedAtMs }) }]
  })

/** Whether its start was refused for the credentials, which are taken now: its cloud has told of all its machines. */
export const areAccepted = (before: ClusterRow, { concluded, refused, wanted }: ClusterRow, states: ReadonlyArray<NodeState>): boolean => {
  const wasRefused = wanted === "stopped" && concluded && refused?.credentials != null
  return wasRefused && refused === before.refused && states.every(({ state }) => state !== "unknown")
}
