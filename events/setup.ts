/** Facts about bringing a task's files and packages onto the nodes. */
import * as Schema from "effect/Schema"
import { ClusterId } from "./ids.ts"
import { observed } from "./values.ts"

export const WorkdirSynced = Schema.TaggedStruct("WorkdirSynced", { cluster: ClusterId, files: Schema.Natural, bytes: Schema.Natural })

/** Files and folders of `file_mounts` are on all nodes. */
export const FileMountsSynced = Schema.TaggedStruct("FileMountsSynced", {
  cluster: ClusterId,
  mounts: Schema.Natural,
  files: Schema.Natural,
  bytes: Schema.Natural
})

/**
 * Ports that the task of a later launch asks for are open on all nodes, beside those that were: none is closed before the cluster is gone.
 * Those of the launch that made the machines are in `NodeRequested`.
 */
export const PortsOpened = Schema.TaggedStruct("PortsOpened", { cluster: ClusterId, ports: Schema.Array(Schema.String) })

/**
 * Ports that a launch asked for, on a cluster that was there, are not open: its cloud refused them, or was looked at once that launch had
 * ended without its answer.
 */
export const PortsNotOpened = Schema.TaggedStruct("PortsNotOpened", { cluster: ClusterId, ports: Schema.Array(Schema.String) })

/** About to be handed to the head's agent, which runs it once per operation. */
export const SetupStarted = Schema.TaggedStruct("SetupStarted", { cluster: ClusterId })

/** Copied from the head's journal. */
export const SetupEnded = Schema.TaggedStruct("SetupEnded", {
  cluster: ClusterId,
  ...observed,
  /** By rank; 137 for a peer that was killed because another failed. */
  returnCodes: Schema.Array(Schema.Int),
  /** The first rank that failed. */
  failedRank: Schema.NullOr(Schema.Natural),
  lastLines: Schema.Array(Schema.String),
  reason: Schema.NullOr(Schema.String)
})
