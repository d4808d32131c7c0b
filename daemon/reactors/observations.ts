/** What is new in what a cloud says of a cluster's nodes. Pure. A wanted end is the reconciler's business and no news. */
import type { Event } from "../../events/Event.ts"
import type { NodeId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { NodeState } from "../clouds/Cloud.ts"

/** `silent`: the nodes whose agent does not answer. */
export const observations = (row: ClusterRow, states: ReadonlyArray<NodeState>, silent: ReadonlySet<NodeId>): ReadonlyArray<Event> =>
  row.nodes.flatMap((node): ReadonlyArray<Event> => {
    const { node: id, rank } = node
    const now = states.find((state) => state.node === id)
    const about = { cluster: row.id, rank, node: id }
    if (now === undefined) return []
    const ended = now.endedAtMs === undefined ? about : { ...about, endedAtMs: now.endedAtMs }
    if (now.state === "missing") return [{ _tag: "NodeReleased", ...ended, reason: now.reason ?? "it does not exist any more" }]
    if (now.state === "stopped" && node.state !== "stopped") return [{ _tag: "NodeStopped", ...ended, reason: now.reason }]
    const lost = now.state !== "stopped" && node.ready && silent.has(id)
    const reason =
      now.state === "unknown" ? `its agent went away, and what became of the node is not known: ${now.reason}` : "its agent went away"
    return lost ? [{ _tag: "RuntimeLost", ...about, reason }] : []
  })
