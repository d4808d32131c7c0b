/** Create a cluster or reuse it, and run a task on it (contract: sky.launch). */
import * as Schema from "effect/Schema"
import { Offer } from "../../events/values.ts"
import { Task } from "../../task/Task.ts"
import { ResourceHandle } from "./rows.ts"

export const IdleMinutes = Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })))

export const Launch = Schema.Struct({
  task: Task,
  /** Made up when null. */
  clusterName: Schema.optionalKey(Schema.NullOr(Schema.String)),
  retryUntilUp: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Minutes; 0 counts as 1, because the job must be submitted first. */
  idleMinutesToAutostop: Schema.optionalKey(IdleMinutes),
  dryrun: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  detachSetup: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  noSetup: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** What stands in the COMMAND column. */
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Launch = typeof Launch.Type

/** `plan` only after a dry run. */
export const Launched = Schema.Struct({
  cluster: Schema.NullOr(Schema.String),
  jobId: Schema.NullOr(Schema.Int),
  handle: Schema.NullOr(ResourceHandle),
  plan: Schema.optionalKey(Schema.Struct({ offer: Offer, numNodes: Schema.Int, newCluster: Schema.Boolean }))
})
export type Launched = typeof Launched.Type
