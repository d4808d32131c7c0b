/** Exceptions that SkyPilot's programs know beside those of the page, and those of skyd's own daemon. */
import { exitCodes } from "../protocol/exit-codes.ts"
import { type Details, RuntimeError, SkyError, ValueError } from "./SkyError.ts"

/** When the configuration does not hold for the cloud. */
export class InvalidCloudConfigs extends SkyError {}
/** When a cluster cannot be set up. */
export class ClusterSetUpError extends SkyError {}
/** When a cloud cannot be asked what became of a cluster. */
export class ClusterStatusFetchingError extends SkyError {}
/** When there is no connection to the network. */
export class NetworkError extends SkyError {}
/** When what a failed attempt left behind cannot be cleaned up. */
export class StopFailoverError extends SkyError {}
/** When a port is closed that was never open. */
export class PortDoesNotExistError extends SkyError {}
export class SpotJobReachedMaxRetriesError extends SkyError {}
export class SpotUserCancelledError extends SkyError {}
export class ServeUserTerminatedError extends SkyError {}

/** When the address of a node cannot be found. */
export class FetchIPError extends SkyError {
  readonly reason: "HEAD" | "WORKER" | null

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.reason = (this.fields["reason"] as "HEAD" | "WORKER" | undefined) ?? null
  }
}

/** What a cloud said of one failure. */
export interface CloudFailure {
  readonly code: string
  readonly domain: string
  readonly message: string
}

/** When a cloud refuses to make machines. */
export class ProvisionerError extends RuntimeError {
  readonly errors: ReadonlyArray<CloudFailure>

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.errors = (this.fields["errors"] as ReadonlyArray<CloudFailure> | undefined) ?? []
  }
}

/** When checks before provisioning fail. */
export class ProvisionPrechecksError extends SkyError {
  readonly reasons: ReadonlyArray<string>

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.reasons = (this.fields["reasons"] as ReadonlyArray<string> | undefined) ?? []
  }
}

/** When the zones of an AWS account cannot be listed. */
export class AWSAzFetchingError extends SkyError {
  readonly region: string | null
  readonly reason: "AUTH_FAILURE" | "AZ_PERMISSION_DENIED" | null

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.region = (this.fields["region"] as string | undefined) ?? null
    this.reason = (this.fields["reason"] as "AUTH_FAILURE" | "AZ_PERMISSION_DENIED" | undefined) ?? null
  }
}

/** What goes wrong with buckets. */
export class StorageError extends SkyError {}
export class StorageInitError extends StorageError {}
export class StorageBucketCreateError extends StorageInitError {}
export class StorageBucketGetError extends StorageInitError {}
export class StorageExternalDeletionError extends StorageBucketGetError {}
export class StorageBucketDeleteError extends StorageError {}
export class StorageUploadError extends StorageError {}

/** When a `Storage` says what cannot be. */
export class StorageSpecError extends ValueError {}
export class StorageSourceError extends StorageSpecError {}
export class StorageNameError extends StorageSpecError {}
export class StorageModeError extends StorageSpecError {}

/** When no job has that number, or none was submitted. */
export class JobDoesNotExist extends ValueError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.notFound, ...details })
  }
}

/** When no operation has that id. */
export class OperationDoesNotExist extends ValueError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.notFound, ...details })
  }
}

/** When another operation, or a user, ended this one. */
export class OperationCancelledError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.conflict, ...details })
  }
}

/** When the daemon cannot be reached, or does not answer. */
export class DaemonUnreachable extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.unreachable, ...details })
  }
}

/** When more is asked at once than the socket takes. */
export class LimitExceeded extends SkyError {
  /** Its name, as docs/protocol.md lists it. */
  readonly limit: string | null
  readonly most: number | null

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.limit = (this.fields["limit"] as string | undefined) ?? null
    this.most = (this.fields["most"] as number | undefined) ?? null
  }
}

/** When the log is damaged: the daemon answers questions and changes nothing. */
export class ReadOnlyError extends SkyError {}
/** When the log cannot be read. */
export class AuditError extends SkyError {}
/** When one request id comes with two requests. */
export class RequestConflict extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.conflict, ...details })
  }
}
/** When the daemon itself is at fault. */
export class InternalError extends SkyError {}
