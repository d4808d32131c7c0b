/** What `sky.Resources` is made with, and how a task file writes it. */
import { type Maybe, options, shown } from "./arguments.ts"
import type { Cloud } from "./Cloud.ts"
import type { DiskTier } from "./enums.ts"
import { toFile } from "./field-names.ts"
import { ValueError } from "./SkyError.ts"

/** What a cluster does by itself once it has been idle. */
export interface AutostopSetting {
  /** Whole minutes. */
  readonly idleMinutes: number
  /** Tear it down in place of stopping it. */
  readonly down: boolean
}

/** Of managed jobs: carried. */
export interface JobRecovery {
  readonly strategy?: Maybe<string>
  readonly maxRestartsOnErrors?: Maybe<number>
  readonly recoverOnExitCodes?: Maybe<number | ReadonlyArray<number>>
}

/** All optional; `null` and absent are the same, and mean that the system chooses. */
export interface ResourcesOptions {
  /** `sky.AWS()`, or its word as a task file has it. */
  readonly cloud?: Maybe<Cloud | string>
  readonly instanceType?: Maybe<string>
  /** vCPUs of each node: `2`, `2.5`, `"2"` (exactly), `"2+"` (at least). */
  readonly cpus?: Maybe<number | string>
  /** GiB of each node: `16`, `"16"` (exactly), `"16+"` (at least), `"4x"` (for each vCPU). */
  readonly memory?: Maybe<number | string>
  /** Of each node: `"V100"` (one), `"V100:2"`, `{ V100: 2 }`, `{ "tpu-v2-8": 1 }`. Fractions share one. */
  readonly accelerators?: Maybe<string | Readonly<Record<string, number>>>
  /** Of TPUs: `{ tpu_vm: true, runtime_version: "tpu-vm-base" }`. Their keys keep their spelling. */
  readonly acceleratorArgs?: Maybe<Readonly<Record<string, string | boolean>>>
  /** Machines that may be taken away, for less. */
  readonly useSpot?: Maybe<boolean>
  /** The strategy of a managed spot job. Carried, and refused by `launch`: skyd runs no such jobs. */
  readonly spotRecovery?: Maybe<string>
  readonly region?: Maybe<string>
  readonly zone?: Maybe<string>
  /** `cloud/region/zone` in one, `*` for any; not together with the three. */
  readonly infra?: Maybe<string>
  /** A cloud's image, a tag as `skypilot:gpu-ubuntu-2004`, `docker:IMAGE`, or images by region. */
  readonly imageId?: Maybe<string | Readonly<Record<string, string>>>
  /** GiB of the system's disk; 256 where nothing is said. */
  readonly diskSize?: Maybe<number | string>
  readonly diskTier?: Maybe<DiskTier | string>
  /** Opened on the nodes: `8080`, `"8080"`, `"8000-8010"`, or several. */
  readonly ports?: Maybe<number | string | ReadonlyArray<number | string>>
  /** Tags of what is made on the cloud. */
  readonly labels?: Maybe<Readonly<Record<string, string>>>
  /**
   * Of the cluster that is made for it: idle minutes (`10`, `"2h"`), true (5 of them), or both of minutes and `down`; false for never.
   */
  readonly autostop?: Maybe<boolean | number | string | Partial<AutostopSetting>>
  /** The newer name of `spotRecovery`: a strategy, or all of it. Carried, and refused by `launch`. */
  readonly jobRecovery?: Maybe<string | JobRecovery>
}

const names = [
  "cloud",
  "instanceType",
  "cpus",
  "memory",
  "accelerators",
  "acceleratorArgs",
  "useSpot",
  "spotRecovery",
  "region",
  "zone",
  "infra",
  "imageId",
  "diskSize",
  "diskTier",
  "ports",
  "labels",
  "autostop",
  "jobRecovery"
] as const
const autostopNames = ["idleMinutes", "down"] as const
const recoveryNames = ["strategy", "maxRestartsOnErrors", "recoverOnExitCodes"] as const

const listed = (ports: ResourcesOptions["ports"]) =>
  typeof ports === "object" && ports !== null && Symbol.iterator in ports ? [...ports] : ports

const wordOf = (cloud: ResourcesOptions["cloud"]): Maybe<string> => {
  if (typeof cloud !== "object" || cloud === null) return cloud
  if (typeof cloud.name === "string") return cloud.name
  throw new ValueError(`cloud takes a cloud, as in sky.AWS(), or its word, got ${shown(cloud)}.`)
}

/** As the file has it. */
export const resourcesFields = (given: Maybe<ResourcesOptions>, of: string): Record<string, unknown> => {
  const { autostop, cloud, jobRecovery, ports, ...rest } = options(given, names, of)
  return toFile({
    ...rest,
    cloud: wordOf(cloud),
    ports: listed(ports),
    autostop: typeof autostop === "object" ? autostop && toFile(options(autostop, autostopNames, "autostop")) : autostop,
    jobRecovery: typeof jobRecovery === "object" ? jobRecovery && toFile(options(jobRecovery, recoveryNames, "jobRecovery")) : jobRecovery
  })
}
