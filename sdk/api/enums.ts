/** Words that are chosen from a list. Each member equals its word, so either may be written. */

/** What the optimizer looks for. */
export const OptimizeTarget = { COST: "COST", TIME: "TIME" } as const
export type OptimizeTarget = keyof typeof OptimizeTarget

/**
 * `INIT`: a launch has begun and not ended, or something is wrong with the cluster: it may be live or not. `UP`: it lives, and provisioning
 * and the installation of the runtime succeeded. `STOPPED`: its disks are kept; `start` brings it back.
 */
export const ClusterStatus = { INIT: "INIT", UP: "UP", STOPPED: "STOPPED" } as const
export type ClusterStatus = keyof typeof ClusterStatus

/** Of a job. The last four are ends. */
export const JobStatus = {
  PENDING: "PENDING",
  SETTING_UP: "SETTING_UP",
  RUNNING: "RUNNING",
  SUCCEEDED: "SUCCEEDED",
  FAILED: "FAILED",
  FAILED_SETUP: "FAILED_SETUP",
  CANCELLED: "CANCELLED"
} as const
export type JobStatus = keyof typeof JobStatus

/** How fast a disk is. */
export const DiskTier = { LOW: "low", MEDIUM: "medium", HIGH: "high", BEST: "best" } as const
export type DiskTier = (typeof DiskTier)[keyof typeof DiskTier]

/** Whose bucket a `Storage` is. */
export const StoreType = { S3: "S3", GCS: "GCS", AZURE: "AZURE", R2: "R2", IBM: "IBM" } as const
export type StoreType = keyof typeof StoreType

/** `MOUNT`: nodes read and write the bucket through a mount. `COPY`: it is copied to their disks. */
export const StorageMode = { MOUNT: "MOUNT", COPY: "COPY" } as const
export type StorageMode = keyof typeof StorageMode
