/** How a cluster's machines end: stopped or released. The answers are facts, not yet recorded. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { RestLeft } from "../../events/cluster.ts"
import type { Event } from "../../events/Event.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import type { Cloud, CloudError } from "../clouds/Cloud.ts"
import { asOwnerNow } from "../clouds/identities.ts"
import { within } from "../clouds/patient.ts"
import type { Rest } from "../clouds/Remnant.ts"
import { abandoned } from "./give-up.ts"
import { tellingDeed, tellingOwner } from "./kept-waiting.ts"
import { came, type Hands, purgeMaxMin, refOf, tagsOf } from "./raise-machines.ts"

interface Ending {
  readonly call: (node: NodeRow) => Effect.Effect<void, CloudError>
  readonly as: "NodeReleased" | "NodeStopped"
  readonly reason: string | null
}

/** What is not there looks as if it had ended: it has, if these are still its owner's credentials. */
const endAll = Effect.fnUntraced(function* (row: ClusterRow, nodes: ReadonlyArray<NodeRow>, cloud: Cloud, { as, call, reason }: Ending) {
  const what = `${as === "NodeStopped" ? "stop" : "end"} its ${nodes.length === 1 ? "machine" : "machines"}`
  const calls = yield* tellingDeed(
    row,
    cloud,
    what,
    Effect.forEach(nodes, (node) => Effect.exit(call(node)), { concurrency: 8 })
  )
  const asked = tellingOwner(row, cloud, asOwnerNow(cloud, row))
  const believed = calls.some(Exit.isSuccess) ? yield* Effect.exit(asked) : Exit.void
  return nodes.map((node, i): Exit.Exit<Event, CloudError> => {
    const ended: Event = { _tag: as, cluster: row.id, rank: node.rank, node: node.node, reason }
    const exit = Exit.isSuccess(calls[i]!) ? believed : calls[i]!
    return Exit.map(exit, () => ended)
  })
})

/** What a place gave that did not give all. There is nothing on it yet. */
export const clearPlace = Effect.fn("perform.clearPlace")(function* (
  row: ClusterRow,
  nodes: ReadonlyArray<NodeRow>,
  { cloud, log }: Hands
) {
  const reason = "its place did not give all nodes"
  const call = (node: NodeRow) => cloud!.terminate(refOf(row, node, log))
  return yield* came(row, yield* endAll(row, nodes, cloud!, { call, as: "NodeReleased", reason }))
})

/** The reason that jobs get when their cluster ends under them. */
const haltReason = (row: ClusterRow) =>
  `the cluster was ${row.wanted === "gone" ? "torn down" : "stopped"}${row.wantedReason === null ? "" : `: ${row.wantedReason}`}`

const orAbandoned = (row: ClusterRow, node: NodeRow, exit: Exit.Exit<Event, CloudError>): Exit.Exit<Event, CloudError> =>
  Option.match(Exit.findErrorOption(exit), { onNone: () => exit, onSome: ({ message }) => Exit.succeed(abandoned(row, node, message)) })

export const end = Effect.fn("perform.end")(function* (
  row: ClusterRow,
  nodes: ReadonlyArray<NodeRow>,
  { cloud, couriers, inherited, log }: Hands
) {
  // The head ends the jobs of all nodes and says how they ended; where it does not answer, each node's own agent ends what is left.
  yield* couriers.halt(row, haltReason(row))
  const release = row.wanted === "gone"
  const what = release ? "terminate" : "stop"
  const call = (node: NodeRow) => {
    const deed = cloud![what]({ ...refOf(row, node, log), mayRun: inherited.mayStart(node.node) })
    return row.purge ? within(cloud!.name, what, purgeMaxMin, deed) : deed
  }
  const ending = { call, as: release ? "NodeReleased" : "NodeStopped", reason: row.wantedReason } as const
  const ended = yield* endAll(row, nodes, cloud!, ending)
  for (const [i, { node }] of nodes.entries()) if (Exit.isSuccess(ended[i]!)) yield* inherited.known(node)
  return yield* came(row, row.purge ? ended.map((exit, i) => orAbandoned(row, nodes[i]!, exit)) : ended)
})

/** What may not be ended is no reason to wait for ever: `sky leaks` lists it. Why it stays, in its cloud's words; null: nothing does. */
export const orLeft = <E extends CloudError>(
  name: string,
  cleared: Effect.Effect<void, E>,
  isFinal: (error: E) => boolean = ({ kind }) => kind === "Refused"
): Effect.Effect<string | null, E> =>
  Effect.catchIf(Effect.as(cleared, null), isFinal, ({ message }) =>
    Effect.as(Effect.logWarning(`${name} leaves something behind: ${message}`), message)
  )

/**
 * What its cloud keeps of a cluster beside its machines, which are gone: nobody else waits for that than who has opened ports or copied a
 * disk. `isHere`: ports alone, of the place that was asked last; `isFinal`: what keeps nobody from going on.
 */
export const clearRest = Effect.fn("perform.clearRest")(function* (
  row: ClusterRow,
  { cloud, log }: Hands,
  { isFinal, isHere = false }: { readonly isFinal?: (error: CloudError) => boolean; readonly isHere?: boolean } = {}
): Effect.fn.Return<typeof RestLeft.Type | null, CloudError> {
  const { clone, ports = [] } = row.machine
  const rest: ReadonlyArray<Rest> = [
    ...(row.asksPorts || ports.length > 0 ? ["ports" as const] : []),
    ...(clone === undefined || isHere ? [] : ["copies" as const])
  ]
  if (cloud?.clear === undefined || row.nodes.length > 0 || rest.length === 0) return null
  const places = isHere ? [row.offer] : [row.offer, clone, ...row.asked.filter((one) => one.cloud === cloud.name)]
  const regions = [...new Set(places.flatMap((place) => place?.region ?? []))]
  const clear = tellingDeed(row, cloud, "remove what it keeps of the cluster beside machines", cloud.clear(tagsOf(row, log), regions, rest))
  const cleared = Effect.andThen(tellingOwner(row, cloud, asOwnerNow(cloud, row)), clear)
  const message = yield* row.purge
    ? orLeft(row.name, within(cloud.name, "clear", purgeMaxMin, cleared), () => true)
    : orLeft(row.name, cleared, isFinal)
  return message === null ? null : { _tag: "RestLeft", cluster: row.id, cloud: cloud.name, message }
})
