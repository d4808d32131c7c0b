/**
 * What the daemon needs from a cloud. Everything is keyed by tags on the cloud, never by a local list, and every call may be
 * made again: after a crash it is. One suite tests all implementations (`test/contract/cloud.contract.ts`).
 */
import type { Duplex } from "node:stream"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type ClusterId, type ClusterName, NodeId } from "../../events/ids.ts"
import { CredentialFault, type MachineWish, type Offer, RefusalScope, RefusalWant } from "../../events/values.ts"
import type * as shapes from "../../machine/shapes.ts"
import type { Peer } from "../../sdk/agent/protocol.ts"
import type { CloudOffers } from "../../task/Offers.ts"
import type { Task } from "../../task/Task.ts"
import type { Target } from "../remote/Target.ts"
import type { Placed } from "../sync/FileList.ts"
import type { PutProgress } from "../sync/SyncTold.ts"
import type { ClusterFeature, NoQuota, Offered } from "./Offered.ts"
import type { IsHad, OwnMachine } from "./OwnMachine.ts"
import type { ProvisionRequest } from "./ProvisionRequest.ts"
import type { KnownNodes, Remnant, Rest, Tagged } from "./Remnant.ts"
import type { Usable } from "./Usable.ts"

const Provisioned = Schema.Struct({
  rank: Schema.Natural,
  /** Begins with the token that it was asked for under: what is found of that is told from what was asked for since. */
  node: NodeId,
  address: Schema.String,
  /** What its owner or its cloud calls the machine, and the key that it shows (`ssh-ed25519 AAAA…`): made for it where it is rented. */
  host: Schema.NullOr(Schema.String),
  hostKey: Schema.NullOr(Schema.String),
  /** Where it is not the one that was asked for, or the usual one. */
  diskGib: Schema.optionalKey(Schema.Finite)
})
export type Provisioned = typeof Provisioned.Type

/**
 * When a cloud does not do what it was asked.
 * - `Refused`: it said no and holds nothing of it (capacity, quota, a wrong request), but for what is `left` of a gang that was given and
 *   fell short. Asking again will not help here; `scope` says how far away it may: beyond its zone (also where nothing is said), its
 *   region, its cloud, or nowhere. It is that of this kind of machine, on demand or spot; with `anyKind`, of the place as such (rights, a
 *   network that is missing). `everywhere`: the wish itself is wrong; with `anyKind` the wish is right, and what it is to be made from is
 *   gone (the machine whose disk it copies). `want`: room, quota, time or mending, where it is that.
 * - `Transient`: no answer, or "not now". Ask again. `goesOn`: it does what it was asked, and takes longer than one call is waited for, or
 *   may not be looked at; no other place is better.
 */
export class CloudError extends Schema.TaggedError<CloudError>()("CloudError", {
  kind: Schema.Literals(["Refused", "Transient"]),
  code: Schema.String,
  message: Schema.String,
  scope: Schema.optionalKey(RefusalScope),
  anyKind: Schema.optionalKey(Schema.Boolean),
  want: Schema.optionalKey(RefusalWant),
  credentials: Schema.optionalKey(CredentialFault),
  /** The machine lets in a key that is not here, and no other. */
  keyLost: Schema.optionalKey(Schema.Boolean),
  left: Schema.optionalKey(Schema.Array(Provisioned)),
  /** The machine was not reached: a link that is down comes back in its own time, however often it is tried. */
  unreached: Schema.optionalKey(Schema.Boolean),
  goesOn: Schema.optionalKey(Schema.Boolean)
}) {}

/** Tags that every resource carries. Sweeps and terminations touch only their own log's. */
export interface Tags extends shapes.Tags {
  readonly cluster: ClusterId
  readonly clusterName: ClusterName
}

/**
 * `missing` is final: a cloud that forgets for a moment answers it only after two looks at least 60 s apart. An error is never "missing":
 * a node of which nothing can be said, for the reason given, is `unknown`, and the others are told all the same.
 */
export interface NodeState extends shapes.NodeState {
  readonly node: NodeId
  /** Since when it is not running, where the cloud says that: it may have been seen much later, and is paid for up to then. */
  readonly endedAtMs?: number
  /** Of one that is `unknown`: it does not run, for certain. */
  readonly off?: true
}

/**
 * A node, and what its machine is found by. `endsItself`: as far as the log knows, a shutdown of its own is its end. `mayRun`: an earlier
 * daemon may have told it to start, however it looks.
 */
export interface NodeRef extends shapes.NodeRef {
  readonly tags: Tags
  readonly node: NodeId
  readonly region: string | null
  readonly zone: string | null
  readonly address: string | null
  readonly host: string | null
  readonly hostKey: string | null
  readonly endsItself?: boolean
  readonly mayRun?: boolean
}

/** `offer`: what its machine is and costs, as far as the cloud can tell. `odd`: why its tags tell no node; `node` is its `host` then. */
export type Owned = NodeRef & shapes.Owned & { readonly offer?: Offer; readonly odd?: string }
export interface Holdings extends shapes.Holdings {
  readonly owned: ReadonlyArray<Owned>
}

export interface Cloud extends Usable {
  readonly name: string
  /** A candidate where it is named, or where no other cloud can be used. */
  readonly isLastResort?: boolean
  /** The user's own machines of a pool, or of all; each is asked. */
  readonly machines?: (pool: string | null) => Effect.Effect<ReadonlyArray<OwnMachine>, CloudError>
  /** What should be mended although it works: a sentence each, without its full stop. */
  readonly warnings?: Effect.Effect<ReadonlyArray<string>>
  /** Why a cluster on this offer lacks the feature, as the end of a sentence ("AWS ends spot machines when they stop"); null: it has it. */
  readonly lackOf: (feature: ClusterFeature, offer: Offer) => string | null
  /** Whether only what is below the nodes' home is their own: the rest is the user's machine. */
  readonly homeOnly?: boolean
  /** Who its credentials are, most specific first: the user, then the account. Null where there are none to have. */
  readonly identity: Effect.Effect<ReadonlyArray<string> | null, CloudError>
  /** Asked anew: to other credentials a machine is not there, which looks as if it were gone. Absent: nothing is kept. */
  readonly identityNow?: Cloud["identity"]
  /** The list of its regions, types and prices, where it has one. */
  readonly catalog?: CloudOffers
  /**
   * What it offers for a task, cheapest first; the reason when nothing fits. Each is a place that can be asked: one zone, where it has
   * zones (`placesOf` in the optimizer makes them of candidates).
   */
  readonly offers: (task: Task) => Effect.Effect<Offered>
  /**
   * Why the account can have none there: a quota that is known to be zero. Null: it may, or nobody knows. Asked before the place is, and
   * not waited for long; an error means that it may. What is known is kept by the cloud.
   */
  readonly noQuota?: (offer: Offer) => Effect.Effect<NoQuota | null, CloudError>
  /** What the disk of a machine on this offer costs an hour while that is off, about; null where nobody knows. Absent: nothing. */
  readonly diskUsdPerHour?: (offer: Offer, machine: MachineWish) => number | null
  /** Whether a machine's disk can begin as a copy of another one's (`MachineWish.clone`). */
  readonly clonesDisks?: boolean
  /** All ranks, or none but what the refusal names as left. The same token always names the same machines, however often it is asked. */
  readonly provision: (request: ProvisionRequest) => Effect.Effect<ReadonlyArray<Provisioned>, CloudError>
  readonly query: (nodes: ReadonlyArray<NodeRef>) => Effect.Effect<ReadonlyArray<NodeState>, CloudError>
  /**
   * What there is to pay for: every machine that carries the tags of this log; with null, of any log that this state folder has had, since
   * a log may be lost or begun anew. What others have begun in the same account is never among them: a cloud that is shared tells its
   * machines apart by a tag of the state folder, and names what it cannot tell in `unclear`. Those that are gone are left out.
   * `isHad`: a machine of the user's own that holds a node which the caller knows: no other can be on it.
   */
  readonly owned: (log: string | null, isHad?: IsHad) => Effect.Effect<Holdings, CloudError>
  /**
   * Everything that carries the tags of a log, or with null of any, whoever's: its machines, and what they have left behind that no machine
   * has now. `known` goes before what is left of a node's tags. Absent: machines leave nothing, and `owned` tells of all that there are.
   */
  readonly tagged?: (log: string | null, known?: KnownNodes) => Effect.Effect<Tagged, CloudError>
  /** Succeeds when it is gone; at once when it already is. Only of what `tagged` told. */
  readonly remove?: (remnant: Remnant) => Effect.Effect<void, CloudError>
  /** How people end these machines at its own command line, to be typed as it is. Absent: it has none. */
  readonly endByHand?: (machines: ReadonlyArray<Owned>) => string
  /** And how they see what a cluster has there. Absent: they cannot. */
  readonly lookByHand?: (cluster: ClusterId, region: string | null) => string
  /**
   * What a cluster had there beside its machines, whoever ended these, goes too; `rest`: what that may be, absent: anything. Absent: there
   * is never anything.
   */
  readonly clear?: (tags: Tags, regions: ReadonlyArray<string>, rest?: ReadonlyArray<Rest>) => Effect.Effect<void, CloudError>
  /** Before a head is told when its cluster ends itself: whether machines are kept then, or go for good. Absent: the agents do it all. */
  readonly endsItself?: (nodes: ReadonlyArray<NodeRef>, down: boolean) => Effect.Effect<void, CloudError>
  /** To everybody, on a cluster that is there: `ports` are all that it is to have, more may be open. Absent: it keeps none closed. */
  readonly openPorts?: (nodes: ReadonlyArray<NodeRef>, ports: ReadonlyArray<string>) => Effect.Effect<void, CloudError>
  /** What is open on its machines by what `openPorts` has asked for, which holds for all of them. Present where that is. */
  readonly openedPorts?: (tags: Tags, region: string | null) => Effect.Effect<ReadonlyArray<string>, CloudError>
  /** Succeeds when it runs; at once when it already does. */
  readonly start: (node: NodeRef) => Effect.Effect<{ readonly address: string }, CloudError>
  /** Succeeds when nothing of it runs; at once when it is stopped or missing. */
  readonly stop: (node: NodeRef) => Effect.Effect<void, CloudError>
  /**
   * Succeeds when the machine has ended and its disk goes with it; at once when it already has. What the last one of a cluster leaves there
   * is removed besides, where that goes well.
   */
  readonly terminate: (node: NodeRef) => Effect.Effect<void, CloudError>
  /** Makes sure that our agent runs on the node; the seat of its head's peers is in `Peer`. Succeeds when it answers. */
  readonly installAgent: (node: NodeRef) => Effect.Effect<Peer, CloudError>
  /** All nodes of a cluster, as its head reaches them. Absent: as `installAgent` says of each. */
  readonly peers?: (nodes: ReadonlyArray<NodeRef>) => Effect.Effect<ReadonlyArray<Peer>, CloudError>
  /** A new connection to the agent, or an error when nobody answers. */
  readonly connectAgent: (node: NodeRef) => Effect.Effect<Duplex, CloudError>
  /** The key that its machine shows now, where it shows one. */
  readonly hostKey?: (node: NodeRef) => Effect.Effect<string, CloudError>
  /** How ssh reaches it; nobody is asked there, but the jump hosts on the way show their keys. Absent: it does not. */
  readonly login?: (node: NodeRef) => Effect.Effect<Target, CloudError>
  /** The journal of a node that runs no more, where a cloud can read it at rest; null where it cannot. */
  readonly journalAtRest: (node: NodeRef) => Effect.Effect<shapes.JournalAtRest | null>
  /**
   * Copies files into a folder of the node. What is there and not in the list stays. What it takes to do so is made ready while they are
   * still looked for; where that fails, it is this that is told. Says how far it is where that takes its time.
   */
  readonly put: <E>(
    node: NodeRef,
    placed: Effect.Effect<Placed, E>,
    onProgress?: (progress: PutProgress) => void
  ) => Effect.Effect<void, CloudError | E>
}
