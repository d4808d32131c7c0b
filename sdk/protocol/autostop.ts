/** Stop or end a cluster when it has been idle (contract: sky.autostop). */
import * as Schema from "effect/Schema"

export const Autostop = Schema.Struct({
  clusterName: Schema.String,
  /** Whole minutes; 0 acts at the next look, negative cancels. */
  idleMinutes: Schema.Int.check(Schema.isBetween({ minimum: -1_000_000, maximum: 1_000_000 })),
  down: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export type Autostop = typeof Autostop.Type
