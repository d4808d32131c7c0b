/** The exceptions of the page, and what the daemon refuses beside them. `instanceof` works on what came across the socket: from-wire.ts. */
import { exitCodes } from "../protocol/exit-codes.ts"
import type { ClusterStatus } from "./enums.ts"
import { type Details, RuntimeError, SkyError, ValueError } from "./SkyError.ts"

export * from "./other-exceptions.ts"
export { type Details, RuntimeError, SkyError, ValueError }

/** A place that was tried and did not give what was asked, or a check that failed before it. */
export interface Attempt {
  /** The name of its exception. */
  readonly tag: string
  readonly message: string
  /** `AWS us-east-1a`; absent where a cloud is one place. */
  readonly place?: string
}

/** When nothing has, or gives, what is asked. */
export class ResourcesUnavailableError extends SkyError {
  /** Empty when the first plan found no place; else each failed check and each refusal of a region or zone, in order. */
  readonly failoverHistory: ReadonlyArray<Attempt>
  /** Whether other places were left alone, because the cluster is bound to its own. */
  readonly noFailover: boolean

  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.capacity, ...details })
    this.failoverHistory = (this.fields["failoverHistory"] as ReadonlyArray<Attempt> | undefined) ?? []
    this.noFailover = this.fields["noFailover"] === true
  }
}

/** When a task asks what its cluster can never give. */
export class ResourcesMismatchError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.conflict, ...details })
  }
}

/** When a cluster's name breaks the rule for names. */
export class InvalidClusterNameError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.usage, ...details })
  }
}

/** When the cloud, the cluster or this version lacks a feature. */
export class NotSupportedError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.usage, ...details })
  }
}

/** When no cluster has that name. */
export class ClusterDoesNotExist extends ValueError {
  /** The name that nothing has; null where that is not told. */
  readonly clusterName: string | null

  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.notFound, ...details })
    this.clusterName = (this.fields["cluster"] as string | undefined) ?? null
  }
}

/** When a cluster must be UP and is not. A `ValueError` too. */
export class ClusterNotUpError extends ValueError {
  readonly clusterName: string | null
  /** What it is instead; null where that is not known. */
  readonly clusterStatus: ClusterStatus | null

  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.conflict, ...details })
    this.clusterName = (this.fields["cluster"] as string | undefined) ?? null
    this.clusterStatus = (this.fields["clusterStatus"] as ClusterStatus | null | undefined) ?? null
  }
}

/** When a command on a node fails: setup, a sync, the installation of the runtime. */
export class CommandError extends SkyError {
  readonly returncode: number
  readonly command: string
  /** What it said last, and why, as far as that is known. */
  readonly detailedReason: string | null

  constructor(message: string, details: Details = {}) {
    super(message, details)
    this.returncode = (this.fields["returncode"] as number | undefined) ?? exitCodes.failed
    this.command = (this.fields["command"] as string | undefined) ?? ""
    this.detailedReason = (this.fields["detailedReason"] as string | null | undefined) ?? null
  }
}

/** When another identity owns the cluster. */
export class ClusterOwnerIdentityMismatchError extends SkyError {
  readonly clusterName: string | null
  /** Who launched it, as the cloud names them, most specific first: the user, then the account. */
  readonly owner: ReadonlyArray<string>
  /** Who the credentials are now. */
  readonly identity: ReadonlyArray<string>

  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.credentials, ...details })
    this.clusterName = (this.fields["cluster"] as string | undefined) ?? null
    this.owner = (this.fields["owner"] as ReadonlyArray<string> | undefined) ?? []
    this.identity = (this.fields["identity"] as ReadonlyArray<string> | undefined) ?? []
  }
}
/** The same class, as the page calls it at `start`. */
export const ClusterOwnerIdentitiesMismatchError = ClusterOwnerIdentityMismatchError

/** When it cannot be found out who the cloud takes you for: no credentials, or expired ones. */
export class CloudUserIdentityError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.credentials, ...details })
  }
}

/** When no cloud is enabled. */
export class NoCloudAccessError extends SkyError {
  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.credentials, ...details })
  }
}

/** When an `AbortSignal` ended the waiting. What was asked of the daemon goes on. */
export class AbortError extends SkyError {
  /** The operation that goes on, as `sky ops` lists it; null for a question, and where nothing was asked yet. */
  readonly operation: string | null

  constructor(message: string, details: Details = {}) {
    super(message, { exitCode: exitCodes.interrupted, ...details })
    this.operation = (this.fields["operation"] as string | undefined) ?? null
  }
}
