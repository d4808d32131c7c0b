/** Stop or end a cluster when it has been idle (contract: sky.autostop). */
import * as Schema from "effect/Schema"
import { minutesMax } from "../../task/autostop.ts"

export const Autostop = Schema.Struct({
  clusterName: Schema.String,
  /** Whole minutes; 0 acts at the next look, negative cancels. */
  idleMinutes: Schema.Int.check(
    Schema.isBetween(
      { minimum: -minutesMax, maximum: minutesMax },
      { message: `expected whole minutes up to ${minutesMax}, or a negative number to cancel` }
    )
  ),
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export type Autostop = typeof Autostop.Type
