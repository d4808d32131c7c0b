/** Looks at a cluster's nodes through its cloud, and records what is news. A look that fails says of each node that nothing is known. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, NodeId } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { Unreached } from "../../sdk/agent/protocol.ts"
import type { Cloud, CloudError, NodeRef, NodeState } from "../clouds/Cloud.ts"
import { asOwner, asOwnerNow } from "../clouds/identities.ts"
import { Looking, whatBecame, whoseTheyAre } from "../clouds/Looking.ts"
import { unknownState } from "../clouds/unknown-state.ts"
import { streamOf } from "../commands/decision.ts"
import type { Identity } from "../life/Identity.ts"
import type { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"
import type { JournalInbox } from "./couriers/JournalInbox.ts"
import { areAccepted, observations, seenOff } from "./observations.ts"

interface Tools {
  readonly log: EventLog["Service"]
  readonly identity: Identity["Service"]
  readonly refOf: (row: ClusterRow, node: NodeRow) => NodeRef
  readonly cloudFor: (row: ClusterRow) => Effect.Effect<Cloud, CloudError>
}

export interface Observed {
  /** Whether its cloud was asked: of a cluster without nodes there is nothing to ask. */
  readonly wasAsked: boolean
  /** Why nothing is known of some of the nodes. */
  readonly whys: ReadonlyArray<string>
}

interface Known {
  /** The nodes whose agent does not answer. */
  readonly silent: ReadonlySet<NodeId>
  /** Whether its agent is heard at the moment. */
  readonly isLinked: (node: NodeId) => boolean
  /** What the head says of the others. */
  readonly unreached?: Effect.Effect<Unreached["nodes"]>
  /** Why nothing is known of a node, as it was last said. */
  readonly said: Map<NodeId, string>
}

/** Where there is nothing to look at, or nobody who looks. */
export const unasked: Observed = { wasAsked: false, whys: [] }

/** Every fact about a node makes another row of it. */
const rowOfNode = (row: ClusterRow, node: NodeId) => row.nodes.find((known) => known.node === node)

/** On its way out, and kept from it. */
const isHeld = ({ trouble, wanted }: ClusterRow) => wanted === "gone" && trouble !== null

/** Neither on its way down nor being stopped, which is the reconciler's business. */
const isAtRest = ({ concluded, wanted }: ClusterRow) => wanted === "up" || (wanted === "stopped" && concluded)

/** Why nothing is known of a node is said once, however often it is looked at. */
const sayUnknown = Effect.fn("observe.sayUnknown")(function* (name: string, states: ReadonlyArray<NodeState>, said: Map<NodeId, string>) {
  for (const { node, rank, reason, state } of states) {
    if (state !== "unknown") said.delete(node)
    else if (said.get(node) !== reason) {
      said.set(node, reason ?? "")
      yield* Effect.logWarning(`${name}: what became of node ${rank} is not known: ${reason}`)
    }
  }
})

/** A head that stopped by itself wrote down why: its journal is read before its end is. A wanted end is the reconciler's business. */
export const observe = Effect.fn("observe")(function* (
  cluster: ClusterId,
  inbox: JournalInbox,
  { isLinked, said, silent, unreached = Effect.succeed([]) }: Known,
  { cloudFor, identity, log, refOf }: Tools
): Effect.fn.Return<Observed> {
  const before = rowOf(log.world().clusters, cluster)
  if (before === undefined || before.nodes.length === 0) return unasked
  const refs = before.nodes.map((node) => refOf(before, node))
  const waits = yield* Looking
  const look = Effect.gen(function* () {
    const cloud = yield* cloudFor(before)
    waits(whoseTheyAre)
    yield* asOwner(cloud, before)
    waits(whatBecame)
    const states = yield* cloud.query(refs)
    waits(whoseTheyAre)
    if (states.some(({ state }) => state === "missing")) yield* asOwnerNow(cloud, before)
    return { cloud, states }
  })
  const blind = ({ message }: CloudError) => Effect.succeed({ cloud: undefined, states: refs.map((ref) => unknownState(ref, message)) })
  const { cloud, states } = yield* Effect.catch(look, blind)
  yield* sayUnknown(before.name, states, said)
  const head = refs.find(({ rank }) => rank === 0)
  if (
    before.wanted === "up" &&
    head !== undefined &&
    states.some(({ rank, state }) => rank === 0 && (state === "stopped" || state === "missing"))
  ) {
    const rest = yield* cloud?.journalAtRest(head) ?? Effect.succeed(null)
    if (rest !== null) yield* inbox.copy(rest.journal, rest.entries)
  }
  // One that its cloud does not reach either is not waited for.
  const away = states.flatMap(({ node, state }) => (state === "unknown" && !isLinked(node) ? [node] : []))
  const lost = new Set([...silent, ...away])
  // One that is only on its way there has no reason yet.
  const apart = new Map((yield* unreached).flatMap(({ rank, why }) => (why === null ? [] : [[rank, why] as const])))
  const nowMs = yield* Clock.currentTimeMillis
  // Others may look at the same time: what is new is decided on all that was recorded, and of a node that has changed since it is not
  // known.
  const decide = ({ clusters }: World) => {
    const row = rowOf(clusters, cluster)
    if (row === undefined || !(isAtRest(row) || isHeld(row))) return Result.succeed(undefined)
    const still = states.filter(({ node }) => rowOfNode(row, node) === rowOfNode(before, node))
    const accepted: ReadonlyArray<Event> = areAccepted(before, row, states) ? [{ _tag: "CredentialsAccepted", cluster }] : []
    const news = [...accepted, ...(isHeld(row) ? seenOff(row, still) : observations(row, still, { nowMs, silent: lost, apart }))]
    const events = news.map((event) => [streamOf(cluster), event] as const)
    return Result.succeed(events.length === 0 ? undefined : { events, operation: null, causedBy: 0, actor: identity.actor, expect: [] })
  }
  yield* Effect.orDie(log.decide(decide))
  const whys = new Set(states.flatMap(({ reason, state }) => (state === "unknown" && reason !== null ? [reason] : [])))
  return { wasAsked: true, whys: [...whys] }
})
