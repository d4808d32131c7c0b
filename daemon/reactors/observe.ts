/** Looks at a cluster's nodes through its cloud, and records what is news. */
import * as Effect from "effect/Effect"
import type { ClusterId, NodeId } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { Cloud, CloudError, NodeRef } from "../clouds/Cloud.ts"
import { streamOf } from "../commands/decision.ts"
import type { Identity } from "../Identity.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { JournalInbox } from "./JournalInbox.ts"
import { observations } from "./observations.ts"

interface Tools {
  readonly log: EventLog["Service"]
  readonly identity: Identity["Service"]
  readonly refOf: (row: ClusterRow, node: NodeRow) => NodeRef
  readonly cloudFor: (row: ClusterRow) => Effect.Effect<Cloud, CloudError>
}

/** A head that stopped by itself wrote down why: its journal is read before its end is. A wanted end is the reconciler's business. */
export const observe = Effect.fn("observe")(function* (
  cluster: ClusterId,
  inbox: JournalInbox,
  silent: ReadonlySet<NodeId>,
  { cloudFor, identity, log, refOf }: Tools
): Effect.fn.Return<void, CloudError> {
  const before = rowOf(log.world().clusters, cluster)
  if (before === undefined || before.nodes.length === 0) return
  const cloud = yield* cloudFor(before)
  const states = yield* cloud.query(before.nodes.map((node) => refOf(before, node)))
  const head = before.nodes.find(({ rank }) => rank === 0)
  if (head !== undefined && states.some(({ rank, state }) => rank === 0 && state !== "running")) {
    const rest = yield* cloud.journalAtRest(refOf(before, head))
    if (rest !== null) yield* inbox.copy(rest.journal, rest.entries)
  }
  const row = rowOf(log.world().clusters, cluster)
  if (row === undefined || row.wanted !== "up") return
  const events = observations(row, states, silent).map((event) => [streamOf(cluster), event] as const)
  if (events.length === 0) return
  yield* Effect.orDie(log.append({ events, operation: null, causedBy: 0, actor: identity.actor, expect: [] }))
})
