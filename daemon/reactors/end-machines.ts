/** How a cluster's machines end: stopped or released. The answers are facts, not yet recorded. */
import * as Effect from "effect/Effect"
import type { Event } from "../../events/Event.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import type { CloudError, NodeRef } from "../clouds/Cloud.ts"
import { within } from "../clouds/patient.ts"
import { asOwner } from "../identities.ts"
import { abandoned } from "./give-up.ts"
import { came, type Hands, purgeMaxMin, refOf, tagsOf } from "./raise-machines.ts"

const endNode = (
  row: ClusterRow,
  node: NodeRow,
  call: Effect.Effect<void, CloudError>,
  as: "NodeReleased" | "NodeStopped",
  reason: string | null
) => Effect.as(call, { _tag: as, cluster: row.id, rank: node.rank, node: node.node, reason } satisfies Event)

/** What a place gave that did not give all. There is nothing on it yet. */
export const clearPlace = Effect.fn("perform.clearPlace")(function* (
  row: ClusterRow,
  nodes: ReadonlyArray<NodeRow>,
  { cloud, log }: Hands
) {
  const reason = "its place did not give all nodes"
  const ended = yield* Effect.forEach(
    nodes,
    (node) => Effect.exit(endNode(row, node, cloud!.terminate(refOf(row, node, log)), "NodeReleased", reason)),
    { concurrency: 8 }
  )
  return yield* came(row, ended)
})

/** The reason that jobs get when their cluster ends under them. */
const haltReason = (row: ClusterRow) =>
  `the cluster was ${row.wanted === "gone" ? "torn down" : "stopped"}${row.wantedReason === null ? "" : `: ${row.wantedReason}`}`

export const end = Effect.fn("perform.end")(function* (row: ClusterRow, nodes: ReadonlyArray<NodeRow>, { cloud, couriers, log }: Hands) {
  // The head ends the jobs of all nodes and says how they ended; where it does not answer, each node's own agent ends what is left.
  yield* couriers.halt(row, haltReason(row))
  const release = row.wanted === "gone"
  const what = release ? "terminate" : "stop"
  const call = (node: NodeRef) => (row.purge ? within(cloud!.name, what, purgeMaxMin, cloud![what](node)) : cloud![what](node))
  const ended = yield* Effect.forEach(
    nodes,
    (node) =>
      endNode(row, node, call(refOf(row, node, log)), release ? "NodeReleased" : "NodeStopped", row.wantedReason).pipe(
        Effect.catchIf(
          () => row.purge,
          ({ message }) => Effect.succeed<Event>(abandoned(row, node, message))
        ),
        Effect.exit
      ),
    { concurrency: 8 }
  )
  return yield* came(row, ended)
})

/** What may not be ended is no reason to wait for ever: `sky leaks` lists it. */
export const orLeft = (name: string, cleared: Effect.Effect<void, CloudError>): Effect.Effect<void, CloudError> =>
  Effect.catchIf(
    cleared,
    ({ kind }) => kind === "Refused",
    ({ message }) => Effect.logWarning(`${name} leaves something behind: ${message}`)
  )

/**
 * What its cloud keeps of a cluster beside its machines, which are gone: nobody else waits for that than who has opened ports or copied a
 * disk.
 */
export const clearRest = (row: ClusterRow, { cloud, log }: Hands): Effect.Effect<void, CloudError> => {
  const { clone, ports = [] } = row.machine
  const hasRest = row.nodes.length === 0 && (row.asksPorts || ports.length > 0 || clone !== undefined)
  if (cloud?.clear === undefined || !hasRest) return Effect.void
  const places = [row.offer, clone, ...row.refusals.map(({ offer }) => (offer.cloud === cloud.name ? offer : undefined))]
  const regions = [...new Set(places.flatMap((place) => place?.region ?? []))]
  const cleared = Effect.andThen(asOwner(cloud, row), cloud.clear(tagsOf(row, log), regions))
  return row.purge ? Effect.ignore(within(cloud.name, "clear", purgeMaxMin, cleared)) : orLeft(row.name, cleared)
}
