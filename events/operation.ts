/** Facts about requests: each mutating request is one operation, requested once and ended once. */
import * as Schema from "effect/Schema"
import { ClusterName, OperationId } from "./ids.ts"
import { RecordedCaller, RecordedError } from "./values.ts"

/** The first fact of every operation. Who asked stands here once; secrets in `argv` were struck out by the client. */
export const OperationRequested = Schema.TaggedStruct("OperationRequested", {
  requestId: OperationId,
  method: Schema.NonEmptyString,
  /** The name that its cluster has or gets. */
  clusterName: Schema.NullOr(ClusterName),
  /** Keyed digest (hex) of the request: the same id with another body is a conflict. */
  digest: Schema.NonEmptyString,
  ...RecordedCaller.fields
})

export const OperationSucceeded = Schema.TaggedStruct("OperationSucceeded", { result: Schema.Record(Schema.String, Schema.Json) })

export const OperationFailed = Schema.TaggedStruct("OperationFailed", { error: RecordedError })

/** Ended before its goal, by another operation or by the user. What it had done stays done. */
export const OperationCancelled = Schema.TaggedStruct("OperationCancelled", {
  reason: Schema.String,
  /** Who cancelled it by `sky ops cancel`; null when another operation ended it. */
  by: Schema.NullOr(RecordedCaller)
})
