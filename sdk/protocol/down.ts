/** End a cluster with its disks (contract: sky.down). */
import * as Schema from "effect/Schema"

export const Down = Schema.Struct({
  clusterName: Schema.String,
  /** Try the cloud once; whatever comes of it, the record is changed. What may be leaked is then the user's. */
  purge: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  lastUse: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type Down = typeof Down.Type

/**
 * Ends a cluster by the tags of its machines and records nothing: only over a damaged log, or one that does not know it. Answers `{cluster,
 * nodes}`.
 */
export const DownUnlogged = Schema.Struct({ clusterName: Schema.String })
export const DownUnloggedAnswer = Schema.Struct({ cluster: Schema.String, nodes: Schema.Array(Schema.String) })
