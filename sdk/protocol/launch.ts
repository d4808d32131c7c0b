/** Create a cluster or reuse it, and run a task on it (contract: sky.launch). */
import * as Schema from "effect/Schema"
import { Offer } from "../../events/values.ts"
import { minutesMax } from "../../task/autostop.ts"
import { Task } from "../../task/Task.ts"
import { ResourceHandle, ways } from "./rows.ts"

export const IdleMinutes = Schema.NullOr(
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: minutesMax }, { message: `expected whole minutes from 0 to ${minutesMax}` }))
)

export const Launch = Schema.Struct({
  task: Task,
  /** Made up when null. A letter first, a letter or digit last, and letters, digits, `-`, `_`, `.` between. */
  clusterName: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Try again for as long as no place gives what is asked. */
  retryUntilUp: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Minutes; 0 counts as 1, because the job must be submitted first. */
  idleMinutesToAutostop: Schema.optionalKey(IdleMinutes),
  /** Change nothing, and answer with the `plan`. */
  dryrun: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** End the cluster when it is idle, in place of stopping it; without minutes after those of the task's `autostop`, else one. */
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Setup is part of the job, and the answer does not wait for it. */
  detachSetup: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Skip setup. */
  noSetup: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** The STOPPED cluster whose disk the new one's begins as a copy of: of one node each, on the same cloud. */
  cloneDiskFrom: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** What stands in the COMMAND column. */
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Launch = typeof Launch.Type

/** A place by name. */
const PlaceName = Schema.Struct({ cloud: Schema.String, region: Schema.NullOr(Schema.String), zone: Schema.NullOr(Schema.String) })

export const Plan = Schema.Struct({
  /** The place that would be taken. */
  offer: Offer,
  numNodes: Schema.Int,
  newCluster: Schema.Boolean,
  /** False: no cloud that can be used has what is asked, and this is what the lists of the others have. */
  enabled: Schema.Boolean,
  /** The best place of each cloud and kind, the one that would be taken among them. */
  considered: Schema.Array(Offer),
  /** Where it goes on when there is no room, in this order; the first few. */
  next: Schema.Array(PlaceName),
  /** How many more there are. */
  more: Schema.Int,
  /** What else there is to know, a sentence each. */
  notes: Schema.Array(Schema.String)
})
export type Plan = typeof Plan.Type

export const Launched = Schema.Struct({
  cluster: Schema.NullOr(Schema.String),
  /** Null where the task has no `run`, and after a dry run. */
  jobId: Schema.NullOr(Schema.Int),
  /** Null after a dry run. */
  handle: Schema.NullOr(ResourceHandle),
  ...ways,
  /** What is to be known of the cluster beside that: that `ssh NAME` leads to another machine, say. */
  notices: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Only after a dry run. */
  plan: Schema.optionalKey(Plan)
})
export type Launched = typeof Launched.Type
