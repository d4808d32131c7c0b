/** What queries answer with. Times are milliseconds since 1970; unknown is null. */
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { MachineWish, Offer } from "../../events/values.ts"

export const ClusterStatus = Schema.Literals(["INIT", "UP", "STOPPED"])
export type ClusterStatus = typeof ClusterStatus.Type

export const JobStatus = Schema.Literals(["PENDING", "SETTING_UP", "RUNNING", "SUCCEEDED", "FAILED", "FAILED_SETUP", "CANCELLED"])
export type JobStatus = typeof JobStatus.Type

/** What a caller keeps of a cluster. */
export const ResourceHandle = Schema.Struct({
  clusterName: Schema.String,
  clusterId: Schema.String,
  launchedNodes: Schema.Int,
  launchedResources: Schema.NullOr(Offer),
  /** What its machines were asked to be besides, where that is anything. */
  launchedMachine: Schema.optionalKey(MachineWish.mapFields(Struct.omit(["clone"]))),
  headIp: Schema.NullOr(Schema.String)
})
export type ResourceHandle = typeof ResourceHandle.Type

/** What can be done with a cluster from here on; absent after a dry run. */
export const ways = {
  /** What to type for a shell on its head; null where `ssh` leads nowhere. */
  ssh: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** `stop` keeps its disks, and `start` brings it back. */
  canStop: Schema.optionalKey(Schema.Boolean)
}

/** What a cloud was asked for and has not answered yet: it may run, for so much an hour in all. */
const AskedFor = Schema.Struct({ machines: Schema.Natural, usdPerHour: Schema.Number })
export type AskedFor = typeof AskedFor.Type
/** Absent where nothing is. */
export const askedFor = Schema.optionalKey(AskedFor)

export const ClusterView = Schema.Struct({
  name: Schema.String,
  id: Schema.String,
  status: ClusterStatus,
  /** While it is INIT or on its way: what it is doing, and what it waits for. */
  phase: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  /** Why a refresh did not see it: what is told of it is from before. Absent where it did, or none was asked for. */
  unseen: Schema.optionalKey(Schema.String),
  /** When the last launch on it was asked for. */
  launchedAtMs: Schema.Natural,
  lastUse: Schema.String,
  /** Idle minutes, -1 without a setting. */
  autostop: Schema.Int,
  toDown: Schema.Boolean,
  /** Another one is wanted, and the node has not been told. */
  autostopWanted: Schema.optionalKey(Schema.Boolean),
  numNodes: Schema.Int,
  resources: Schema.NullOr(Offer),
  nodes: Schema.Array(
    Schema.Struct({
      rank: Schema.Natural,
      id: Schema.NullOr(Schema.String),
      /** What its cloud calls the machine, an instance's id say; absent where a node is no machine of its own. */
      host: Schema.optionalKey(Schema.String),
      state: Schema.String,
      address: Schema.NullOr(Schema.String)
    })
  ),
  /** Machines that its cloud was asked for and has not answered yet: they may run, and all of them cost so much an hour. */
  askedFor,
  /** Machines that are off, whose disks are paid for all the same: so much an hour in all, about. Absent where none is, or nobody knows. */
  offDisks: Schema.optionalKey(Schema.Struct({ machines: Schema.Natural, usdPerHour: Schema.Number })),
  /** Machines that a purge called stopped without their cloud's word: they may run, and all of them cost so much an hour then. */
  mayRun: askedFor,
  headIp: Schema.NullOr(Schema.String),
  everUp: Schema.Boolean,
  jobs: Schema.Struct({ pending: Schema.Natural, running: Schema.Natural }),
  /** The operation that works on it, if any. */
  operation: Schema.NullOr(Schema.Struct({ id: Schema.String, method: Schema.String, sinceMs: Schema.Natural })),
  handle: ResourceHandle,
  metadata: Schema.Record(Schema.String, Schema.Json)
})
export type ClusterView = typeof ClusterView.Type

export const JobView = Schema.Struct({
  cluster: Schema.String,
  id: Schema.Int,
  name: Schema.NullOr(Schema.String),
  user: Schema.String,
  status: JobStatus,
  /** Why it waits, or why it ended so. */
  reason: Schema.NullOr(Schema.String),
  submittedAtMs: Schema.Natural,
  startedAtMs: Schema.NullOr(Schema.Natural),
  endedAtMs: Schema.NullOr(Schema.Natural),
  numNodes: Schema.Int,
  accelerators: Schema.NullOr(Schema.Struct({ name: Schema.String, count: Schema.Number })),
  /** By rank. */
  returnCodes: Schema.Array(Schema.Int),
  /** The log folder on the head node. */
  logPath: Schema.String
})
export type JobView = typeof JobView.Type

export const OperationView = Schema.Struct({
  id: Schema.String,
  method: Schema.String,
  cluster: Schema.NullOr(Schema.String),
  status: Schema.Literals(["running", "succeeded", "failed", "cancelled"]),
  /** What it does or waits for; why it failed. */
  detail: Schema.NullOr(Schema.String),
  requestedAtMs: Schema.Natural,
  endedAtMs: Schema.NullOr(Schema.Natural)
})
export type OperationView = typeof OperationView.Type
