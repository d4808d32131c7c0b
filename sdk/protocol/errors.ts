/**
 * Every way in which a request can be refused or fail. They cross the socket and stay in the log as `RecordedError`;
 * the names are the contract's exceptions where it has one. `message` says what and why, `hint` what to do next.
 */
import * as Schema from "effect/Schema"
import type { RecordedError } from "../../events/values.ts"
import { exitCodes } from "./exit-codes.ts"

const fields = { message: Schema.String, hint: Schema.NullOr(Schema.String) }

/** When a request is malformed or asks for something that can never be. */
export class ValueError extends Schema.TaggedError<ValueError>()("ValueError", fields) {
  readonly exitCode = exitCodes.usage
}
/** When a cluster's name breaks the rule. */
export class InvalidClusterNameError extends Schema.TaggedError<InvalidClusterNameError>()("InvalidClusterNameError", fields) {
  readonly exitCode = exitCodes.usage
}
/** When no cluster has that name. The contract's ValueError. */
export class ClusterDoesNotExist extends Schema.TaggedError<ClusterDoesNotExist>()("ClusterDoesNotExist", {
  ...fields,
  cluster: Schema.String
}) {
  readonly exitCode = exitCodes.notFound
}
/** When the cluster must be UP and is not. Also a ValueError (contract, D01). */
export class ClusterNotUpError extends Schema.TaggedError<ClusterNotUpError>()("ClusterNotUpError", {
  ...fields,
  cluster: Schema.String,
  clusterStatus: Schema.NullOr(Schema.Literals(["INIT", "UP", "STOPPED"]))
}) {
  readonly exitCode = exitCodes.conflict
}
/** When the cluster can never give what is asked of it. */
export class ResourcesMismatchError extends Schema.TaggedError<ResourcesMismatchError>()("ResourcesMismatchError", fields) {
  readonly exitCode = exitCodes.conflict as number
}
/** When another identity owns the cluster. Each is as its cloud names it, most specific first. */
export class ClusterOwnerIdentityMismatchError extends Schema.TaggedError<ClusterOwnerIdentityMismatchError>()(
  "ClusterOwnerIdentityMismatchError",
  { ...fields, cluster: Schema.String, owner: Schema.Array(Schema.String), identity: Schema.Array(Schema.String) }
) {
  readonly exitCode = exitCodes.credentials
}
/** When a cloud does not say who its credentials are: there are none, or they have expired. */
export class CloudUserIdentityError extends Schema.TaggedError<CloudUserIdentityError>()("CloudUserIdentityError", fields) {
  readonly exitCode = exitCodes.credentials
}
/** When no cloud is enabled at all. */
export class NoCloudAccessError extends Schema.TaggedError<NoCloudAccessError>()("NoCloudAccessError", fields) {
  readonly exitCode = exitCodes.credentials
}
/** When no place has, or gives, what is asked. */
export class ResourcesUnavailableError extends Schema.TaggedError<ResourcesUnavailableError>()("ResourcesUnavailableError", {
  ...fields,
  /** What gave nothing, in its order; `place` where a cloud has several. */
  failoverHistory: Schema.Array(Schema.Struct({ tag: Schema.String, message: Schema.String, place: Schema.optionalKey(Schema.String) })),
  /** How many more there were than are told. */
  more: Schema.optionalKey(Schema.Int),
  /** Whether other places were left alone, because the cluster is bound to its own. */
  noFailover: Schema.Boolean
}) {
  readonly exitCode = exitCodes.capacity as number
}
/** When what a place gave of a new cluster, and not all of it, cannot be released: no other place is tried. */
export class StopFailoverError extends Schema.TaggedError<StopFailoverError>()("StopFailoverError", fields) {
  readonly exitCode = exitCodes.failed
}
/** When the cloud, the cluster or this version lacks the feature. */
export class NotSupportedError extends Schema.TaggedError<NotSupportedError>()("NotSupportedError", fields) {
  readonly exitCode = exitCodes.usage
}
/** When the log is damaged: the daemon answers questions and changes nothing (`docs/durability.md`). */
export class ReadOnlyError extends Schema.TaggedError<ReadOnlyError>()("ReadOnlyError", fields) {
  readonly exitCode = exitCodes.failed
}
/** When the log, or an export of it, cannot be read, or not be taken in. */
export class AuditError extends Schema.TaggedError<AuditError>()("AuditError", fields) {
  readonly exitCode = exitCodes.failed as number
}
/** When a command on a node fails: setup, sync, the installation of the runtime. */
export class CommandError extends Schema.TaggedError<CommandError>()("CommandError", {
  ...fields,
  returncode: Schema.Int,
  command: Schema.String,
  /** What it said last, where that is known. */
  detailedReason: Schema.NullOr(Schema.String)
}) {
  readonly exitCode = exitCodes.failed
}
/** When a cloud fails to do what it must (stop and down, by the contract), the daemon leaves all clusters alone, or its disk is full: 7. */
export class RuntimeError extends Schema.TaggedError<RuntimeError>()("RuntimeError", fields) {
  readonly exitCode = exitCodes.failed as number
}
/** When no job has that number, or none was submitted. */
export class JobDoesNotExist extends Schema.TaggedError<JobDoesNotExist>()("JobDoesNotExist", fields) {
  readonly exitCode = exitCodes.notFound
}
/** When no operation has that id. */
export class OperationDoesNotExist extends Schema.TaggedError<OperationDoesNotExist>()("OperationDoesNotExist", fields) {
  readonly exitCode = exitCodes.notFound
}
/** When the same request id comes with another request. */
export class RequestConflict extends Schema.TaggedError<RequestConflict>()("RequestConflict", fields) {
  readonly exitCode = exitCodes.conflict
}
/** When another operation or the user ended this one. */
export class OperationCancelledError extends Schema.TaggedError<OperationCancelledError>()("OperationCancelledError", fields) {
  readonly exitCode = exitCodes.conflict
}
/** When a frame is not what the protocol says. The connection ends after the replies to earlier good ones. */
export class BadFrame extends Schema.TaggedError<BadFrame>()("BadFrame", fields) {
  readonly exitCode = exitCodes.usage
}
/** When the daemon itself is at fault. */
export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", fields) {
  readonly exitCode = exitCodes.failed
}

/** For whoever tells by the code whether to try again. */
export const exiting = <E extends SkydError>(error: E, exitCode: number): E => Object.assign(error, { exitCode })

export type SkydError =
  | ValueError
  | InvalidClusterNameError
  | ClusterDoesNotExist
  | ClusterNotUpError
  | ResourcesMismatchError
  | ClusterOwnerIdentityMismatchError
  | CloudUserIdentityError
  | NoCloudAccessError
  | ResourcesUnavailableError
  | StopFailoverError
  | NotSupportedError
  | CommandError
  | ReadOnlyError
  | AuditError
  | RuntimeError
  | JobDoesNotExist
  | OperationDoesNotExist
  | RequestConflict
  | OperationCancelledError
  | BadFrame
  | InternalError

/** Of a text that repeats what somebody has sent, or what a cloud has said: it must fit a frame, and a fact. */
const textMaxChars = 8192
const short = (value: unknown): unknown => {
  if (typeof value === "string") return value.length <= textMaxChars ? value : `${value.slice(0, textMaxChars)}…`
  if (Array.isArray(value)) return value.map(short)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, short(inner)]))
}

/** As it crosses the socket and stays in the log: fields beside the common ones go under `fields`. */
export const recordError = (error: SkydError): RecordedError => {
  const { _tag, message, hint, exitCode, stack: _, cause: __, name: ___, ...rest } = error as SkydError & Record<string, never>
  return short({ tag: _tag, message, hint, exitCode, fields: rest }) as RecordedError
}
