/** Facts about a cluster as a whole. */
import * as Schema from "effect/Schema"
import { ClusterId, ClusterName } from "./ids.ts"
import { AtMs, CredentialFault } from "./values.ts"

export const StopRequested = Schema.TaggedStruct("StopRequested", { cluster: ClusterId, purge: Schema.Boolean, lastUse: Schema.String })

export const DownRequested = Schema.TaggedStruct("DownRequested", { cluster: ClusterId, purge: Schema.Boolean, lastUse: Schema.String })

/** Every node is stopped and no job of it runs. */
export const ClusterStopped = Schema.TaggedStruct("ClusterStopped", { cluster: ClusterId, reason: Schema.String })

/** No machine of it exists any more, and nothing else but what `RestLeft` tells of; its name is free. */
export const ClusterGone = Schema.TaggedStruct("ClusterGone", { cluster: ClusterId, name: ClusterName, reason: Schema.String })

/**
 * What a cloud keeps of it beside machines could not be removed: it stays, and may cost money, or let others in. Of a cloud that its search
 * leaves, or has asked in vain: not yet, and it is with the cluster. In the cloud's own words.
 */
export const RestLeft = Schema.TaggedStruct("RestLeft", { cluster: ClusterId, cloud: Schema.NonEmptyString, message: Schema.String })

/**
 * The log was imported: what was begun of the cluster is given up, and nothing more is wanted of it than that it is there. Its machines
 * count as running until they are seen otherwise. Its open jobs are those that its node has: the others are not begun, and none is
 * cancelled. The last autostop setting holds.
 */
export const ClusterImported = Schema.TaggedStruct("ClusterImported", { cluster: ClusterId })

/** A step did not work. Recorded when what is said changes, not on each try. */
export const ActionFailed = Schema.TaggedStruct("ActionFailed", {
  cluster: ClusterId,
  action: Schema.NonEmptyString,
  message: Schema.String,
  /** Absent where it is not tried again by itself. */
  retryAtMs: Schema.optionalKey(AtMs),
  /** Absent where it is not for them. */
  credentials: Schema.optionalKey(CredentialFault),
  /** The machine lets in one key alone, which was another state folder's: whoever tries it again has no more of it. */
  keyLost: Schema.optionalKey(Schema.Boolean)
})

/** A start was refused for the credentials, and its cloud has told of its machines since: what it said of them is not so any more. */
export const CredentialsAccepted = Schema.TaggedStruct("CredentialsAccepted", { cluster: ClusterId })

/** The daemon itself failed while working on this cluster; it tries again later. */
export const ReactorFailed = Schema.TaggedStruct("ReactorFailed", { cluster: ClusterId, message: Schema.String, retryAtMs: AtMs })
