/** Facts about machines, from the wish for one to its end. */
import * as Schema from "effect/Schema"
import { ClusterId, JobId, JournalId, NodeId, NodeToken } from "./ids.ts"
import { AtMs, CredentialFault, MachineWish, Offer, refusal, refusedAgain } from "./values.ts"

const node = { cluster: ClusterId, rank: Schema.Natural, node: NodeId }

/**
 * Written before the cloud call: the token in it makes that call idempotent, for this daemon and for the next. Its offer is the cluster's
 * place from here on: one that was asked in an earlier round of the search is not chosen anew.
 */
export const NodeRequested = Schema.TaggedStruct("NodeRequested", {
  cluster: ClusterId,
  token: NodeToken,
  ranks: Schema.Array(Schema.Natural),
  offer: Offer,
  /** Absent where nothing was asked. */
  machine: Schema.optionalKey(MachineWish),
  refusedAgain
})

/**
 * The cloud handed it over. From here on it may cost money. `host`: what its owner or its cloud calls the machine.
 * `hostKey`: the key that it showed, or that was made for it (`ssh-ed25519 AAAA…`), which is the only one it may show from here on, but for
 * `RuntimeReady`. Both are absent where a node is no machine of its own. `diskGib`: the size of its disk, where that is not the one that
 * was asked for, or the usual one: an image or a disk that it began as has its own.
 */
export const NodeProvisioned = Schema.TaggedStruct("NodeProvisioned", {
  ...node,
  token: NodeToken,
  address: Schema.String,
  host: Schema.optionalKey(Schema.String),
  hostKey: Schema.optionalKey(Schema.String),
  diskGib: Schema.optionalKey(Schema.Finite)
})

/**
 * The cloud said no, or has ended what a purge gave up on: it holds nothing under this token. With a `node`: it said no to starting that
 * one, which is stopped, and kept.
 */
export const NodeRefused = Schema.TaggedStruct("NodeRefused", {
  cluster: ClusterId,
  token: NodeToken,
  ...refusal,
  node: Schema.optionalKey(NodeId),
  /** Absent where it is not for them. */
  credentials: Schema.optionalKey(CredentialFault)
})

/** A network was made for it in the account, and stays when the cluster is gone. `words`: what it is, and what it lets in. */
export const NetworkMade = Schema.TaggedStruct("NetworkMade", {
  cluster: ClusterId,
  cloud: Schema.String,
  network: Schema.String,
  words: Schema.String
})

/** About to start a stopped node: from here on it may run, and cost money, whatever the cloud answers. */
export const NodeStarting = Schema.TaggedStruct("NodeStarting", node)

/** A stopped node runs again, perhaps at another address. */
export const NodeStarted = Schema.TaggedStruct("NodeStarted", { ...node, address: Schema.String })

/**
 * The agent on this node answered. `hostKey`: its machine showed another key than the recorded one, and the user's own known_hosts had that
 * very key for it: it is the only one from here on. `address`: it has another than the recorded one now. `lastJob`: jobs up to this number
 * had been taken there, more than the log knew of.
 */
export const RuntimeReady = Schema.TaggedStruct("RuntimeReady", {
  ...node,
  journal: JournalId,
  build: Schema.String,
  hostKey: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(Schema.String),
  lastJob: Schema.optionalKey(JobId)
})

/**
 * The agent on this node does not answer any more, although its machine has not ended. `off`: it does not run, and its cloud has not said
 * yet whether that was its end.
 */
export const RuntimeLost = Schema.TaggedStruct("RuntimeLost", {
  ...node,
  reason: Schema.String,
  off: Schema.optionalKey(Schema.Boolean)
})

/** `endedAtMs`: when that was, as the cloud says, if it was seen later. */
const ended = { reason: Schema.NullOr(Schema.String), endedAtMs: Schema.optionalKey(AtMs) }

/**
 * The machine runs no more, its disk is kept. Not `confirmed`: a purge did without the cloud's word, and it may still run, and cost money.
 * `forGood`: it shut itself down to end its cluster, on a cloud that keeps what did so.
 */
export const NodeStopped = Schema.TaggedStruct("NodeStopped", {
  ...node,
  ...ended,
  confirmed: Schema.optionalKey(Schema.Boolean),
  forGood: Schema.optionalKey(Schema.Boolean)
})

/** The cloud confirmed that machine and disk are gone. */
export const NodeReleased = Schema.TaggedStruct("NodeReleased", { ...node, ...ended })

/**
 * A purge gave up on an answer: what was asked for under this token may have been given, and may cost money. What is found of it is ended,
 * and that nothing of it is left is `NodeRefused`.
 */
export const RequestAbandoned = Schema.TaggedStruct("RequestAbandoned", {
  cluster: ClusterId,
  token: NodeToken,
  ranks: Schema.Array(Schema.Natural),
  reason: Schema.String
})

/** A purge gave up on this machine: it may still exist, and may cost money. */
export const NodeAbandoned = Schema.TaggedStruct("NodeAbandoned", { ...node, reason: Schema.String })
