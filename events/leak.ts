/** Facts about what a cloud holds under tags of a log and no cluster has: how it is ended, or becomes a cluster's again. */
import * as Schema from "effect/Schema"
import { ClusterId, ClusterName, NodeId } from "./ids.ts"
import { Offer } from "./values.ts"

/** `id`: as its cloud calls it. `node`: of a machine. The cluster is that of its tags. */
const leak = {
  cluster: ClusterId,
  cloud: Schema.NonEmptyString,
  kind: Schema.Literals(["machine", "disk", "group", "image", "snapshot"]),
  id: Schema.NonEmptyString,
  region: Schema.NullOr(Schema.String),
  node: Schema.optionalKey(NodeId)
}

/** Written before the cloud is told to end it. `reason`: why it is a leak. */
export const LeakEndRequested = Schema.TaggedStruct("LeakEndRequested", { ...leak, reason: Schema.String })

/** The cloud confirmed that it is gone. */
export const LeakEnded = Schema.TaggedStruct("LeakEnded", leak)

/** It may still exist, and cost money: in the cloud's own words. */
export const LeakKept = Schema.TaggedStruct("LeakKept", { ...leak, code: Schema.String, message: Schema.String })

/**
 * Machines under these tags that no cluster had are a cluster from here on; which they are follows as `NodeProvisioned`. `log`: the one
 * that made them, where it was another: its tags stay on them.
 */
export const ClusterAdopted = Schema.TaggedStruct("ClusterAdopted", {
  cluster: ClusterId,
  name: ClusterName,
  log: Schema.optionalKey(Schema.String),
  offer: Offer,
  numNodes: Schema.Int,
  /** As in `PlaceChosen`. */
  owner: Schema.optionalKey(Schema.Array(Schema.String))
})
