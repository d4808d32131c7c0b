/** How a cluster's machines end: stopped or released. The answers are facts, not yet recorded. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { RestLeft } from "../../events/cluster.ts"
import type { Event } from "../../events/Event.ts"
import type { AskedRegion, ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
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

/** Where anything may have been made for it: that is where machines were asked for, or, of one that was up, where it is. */
const madeAt = ({ asked, everUp, machine: { clone }, offer, owner }: ClusterRow): ReadonlyArray<Omit<AskedRegion, "isLeft">> => {
  const own = [...(everUp ? [offer] : []), clone].flatMap((place) =>
    place == null ? [] : [{ cloud: place.cloud, region: place.region, owner }]
  )
  return asked.length === 0 && !everUp ? [] : [...own, ...asked]
}

type Left = typeof RestLeft.Type

interface Clearing {
  /** Of that alone. */
  readonly rest?: ReadonlyArray<Rest>
  /** A cloud that is not left yet. */
  readonly but?: string | null
  readonly isFinal?: (error: CloudError) => boolean
  /** Who ends a cluster waits as long as its cloud may take. */
  readonly maxMin?: number | null
}

const clearIn = Effect.fnUntraced(function* (
  row: ClusterRow,
  cloud: Cloud,
  places: ReadonlyArray<Omit<AskedRegion, "isLeft">>,
  rest: ReadonlyArray<Rest>,
  { log }: Hands,
  { isFinal, maxMin = null }: Clearing
): Effect.fn.Return<ReadonlyArray<Left>, CloudError> {
  const regions = [...new Set(places.flatMap(({ region }) => region ?? []))]
  const { owner } = places.at(-1)!
  const clear = tellingDeed(
    row,
    cloud,
    "remove what it keeps of the cluster beside machines",
    cloud.clear!(tagsOf(row, log), regions, rest)
  )
  const owned = { name: row.name, offer: row.offer?.cloud === cloud.name ? row.offer : null, owner }
  const cleared = Effect.andThen(tellingOwner(row, cloud, asOwnerNow(cloud, owned)), clear)
  const message = yield* orLeft(row.name, maxMin === null ? cleared : within(cloud.name, "clear", maxMin, cleared), isFinal)
  return message === null ? [] : [{ _tag: "RestLeft", cluster: row.id, cloud: cloud.name, message }]
})

/**
 * What clouds keep of a cluster beside its machines, which are gone: nobody else waits for that than who has opened ports or copied a disk.
 * What one of them has not removed yet keeps none of the others.
 */
export const clearRest = Effect.fn("perform.clearRest")(function* (
  row: ClusterRow,
  hands: Hands,
  clearing: Clearing = {}
): Effect.fn.Return<ReadonlyArray<Left>, CloudError> {
  const { clone, ports = [] } = row.machine
  const all: ReadonlyArray<Rest> = [
    ...(row.asksPorts || ports.length > 0 ? ["ports" as const] : []),
    ...(clone === undefined ? [] : ["copies" as const])
  ]
  const rest = all.filter((one) => clearing.rest?.includes(one) ?? true)
  if (row.nodes.length > 0 || rest.length === 0) return []
  const places = madeAt(row).filter(({ cloud }) => cloud !== clearing.but)
  const how = row.purge ? { ...clearing, isFinal: () => true, maxMin: purgeMaxMin } : clearing
  const done = yield* Effect.forEach([...new Set(places.map(({ cloud }) => cloud))], (name) => {
    const cloud = hands.clouds.get(name)
    if (cloud?.clear === undefined) return Effect.succeed(Result.succeed<ReadonlyArray<Left>>([]))
    const own = places.filter((one) => one.cloud === name)
    return Effect.result(clearIn(row, cloud, own, rest, hands, how))
  })
  const failed = done.find(Result.isFailure)
  return failed === undefined ? done.flatMap((one) => (Result.isSuccess(one) ? one.success : [])) : yield* failed.failure
})
