/** Run a task on an UP cluster: sync its workdir, queue its job (contract: sky.exec). */
import * as Schema from "effect/Schema"
import { Task } from "../../task/Task.ts"

export const Exec = Schema.Struct({
  task: Task,
  clusterName: Schema.String,
  /** Change nothing, and answer with the `plan`. */
  dryrun: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Autodown after 1 idle minute, over any setting (contract, D03). */
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Exec = typeof Exec.Type
