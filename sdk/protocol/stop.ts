/** Stop a cluster; its disks stay (contract: sky.stop). */
import * as Schema from "effect/Schema"

export const Stop = Schema.Struct({
  clusterName: Schema.String,
  /** Try the cloud once; whatever comes of it, the record is changed. What may be leaked is then the user's. */
  purge: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Stop = typeof Stop.Type
