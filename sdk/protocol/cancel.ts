/** Cancel jobs of a cluster. Answers with the ids that were not over yet: `{cluster, cancelled: [1, 2]}`. */
import * as Schema from "effect/Schema"

export const Cancel = Schema.Struct({
  clusterName: Schema.String,
  /** Null and not `all`: the latest running job. An empty list: none. */
  jobIds: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Int))),
  all: Schema.optionalKey(Schema.NullOr(Schema.Boolean))
})
export type Cancel = typeof Cancel.Type
