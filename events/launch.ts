/** Facts about what a cluster is wanted for. */
import * as Schema from "effect/Schema"
import { ClusterId, ClusterName } from "./ids.ts"
import { AtMs, ClonedDisk, Offer, RecordedAlternative, RecordedTask, refusal, refusedAgain } from "./values.ts"

/** A new cluster has this name from here to its `ClusterGone`. */
export const ClusterCreated = Schema.TaggedStruct("ClusterCreated", { cluster: ClusterId, name: ClusterName })

export const LaunchRequested = Schema.TaggedStruct("LaunchRequested", {
  cluster: ClusterId,
  task: RecordedTask,
  /** Nodes of the cluster; a relaunch keeps what there is. */
  numNodes: Schema.Int,
  idleMinutes: Schema.NullOr(Schema.Int),
  down: Schema.Boolean,
  /** Refusals are waited out. */
  retryUntilUp: Schema.Boolean,
  noSetup: Schema.Boolean,
  detachSetup: Schema.Boolean,
  /** What the task must not get: a place that all fields of one of them are equal to. Absent where that is nothing. */
  blocked: Schema.optionalKey(Schema.Array(RecordedAlternative)),
  /**
   * What the launch itself said, where alternatives of its task say different things: `idleMinutes` and `down` above are of the first
   * place.
   */
  autostop: Schema.optionalKey(Schema.Struct({ idleMinutes: Schema.NullOr(Schema.Int), down: Schema.NullOr(Schema.Boolean) })),
  clone: Schema.optionalKey(ClonedDisk),
  /** The command line or the script that asked. */
  lastUse: Schema.String
})

export const StartRequested = Schema.TaggedStruct("StartRequested", {
  cluster: ClusterId,
  idleMinutes: Schema.NullOr(Schema.Int),
  down: Schema.Boolean,
  force: Schema.Boolean,
  retryUntilUp: Schema.Boolean,
  lastUse: Schema.String
})

export const ExecRequested = Schema.TaggedStruct("ExecRequested", {
  cluster: ClusterId,
  task: RecordedTask,
  down: Schema.Boolean,
  lastUse: Schema.String
})

export const PlaceChosen = Schema.TaggedStruct("PlaceChosen", {
  cluster: ClusterId,
  offer: Offer,
  numNodes: Schema.Int,
  /** Who the credentials there were, most specific first: who owns the cluster. Absent where a cloud has none. */
  owner: Schema.optionalKey(Schema.Array(Schema.String))
})

/**
 * This place is left out: it lacks a feature, the user's account has none of it there, or its cloud had no answer for as long as others are
 * not kept waiting.
 */
export const PlacePassedOver = Schema.TaggedStruct("PlacePassedOver", { cluster: ClusterId, offer: Offer, ...refusal })

/** No place gave what is asked, and the user waits it out: from `retryAtMs` on all of them are asked again, the best first. */
export const PlacesExhausted = Schema.TaggedStruct("PlacesExhausted", {
  cluster: ClusterId,
  /** 1, 2, … of this search. */
  round: Schema.Int,
  message: Schema.String,
  retryAtMs: AtMs,
  refusedAgain
})
