/** Run a task on an UP cluster: sync its workdir, queue its job (contract: sky.exec). */
import * as Schema from "effect/Schema"
import { Task } from "../../task/Task.ts"
import { ResourceHandle, ways } from "./rows.ts"

export const Exec = Schema.Struct({
  task: Task,
  clusterName: Schema.String,
  /** Change nothing: an answer says that the task fits, and no job is submitted. */
  dryrun: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Autodown after 1 idle minute, over any setting (contract, D03). */
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Exec = typeof Exec.Type

export const Executed = Schema.Struct({
  cluster: Schema.NullOr(Schema.String),
  /** Null where the task has no `run`, and after a dry run. */
  jobId: Schema.NullOr(Schema.Int),
  /** Null after a dry run. */
  handle: Schema.NullOr(ResourceHandle),
  ...ways
})
