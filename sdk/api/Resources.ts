/** `sky.Resources`: what a task asks of each node. The value is task/'s; here it has the contract's names. */
import { type Maybe, options } from "./arguments.ts"
import { type Cloud, cloudNamed } from "./Cloud.ts"
import type { DiskTier } from "./enums.ts"
import { NotSupportedError, ValueError } from "./exceptions.ts"
import { toFile } from "./field-names.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"

type Need = import("./values.ts").Need

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
  "labels"
] as const

const diskGibDefault = 256

const listed = (ports: ResourcesOptions["ports"]) => (typeof ports === "object" && ports !== null ? [...ports] : ports)

/** As the file has it. */
export const resourcesFields = (given: Maybe<ResourcesOptions>, of: string): Record<string, unknown> => {
  const { cloud, diskTier, ports, ...rest } = options(given, names, of)
  return toFile({ ...rest, cloud: typeof cloud === "object" ? cloud?.name : cloud, diskTier, ports: listed(ports) })
}

const deepFrozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null) return value
  for (const inner of Object.values(value)) deepFrozen(inner)
  return Object.freeze(value)
}

/** A form that was checked before, and what its machine is called where its cloud has no types to ask for. */
const made = Symbol("made")
interface Made {
  readonly need: Need
  readonly machine: string | null
}

/**
 * Compute requirements of a task. Immutable: `copy` makes another one. Each way to write a value comes to one form, so that equal wishes
 * are equal values. Throws `ValueError` for what is wrong in itself; unknown regions, types and images are told by the first call
 * that reaches the daemon.
 *
 * @example new sky.Resources({ cloud: sky.AWS(), instanceType: "p3.2xlarge" })
 * @example new sky.Resources({ cpus: "2+", memory: "16+", accelerators: "V100" })
 */
export class Resources {
  readonly cloud: Cloud | null
  readonly instanceType: string | null
  readonly cpus: string | null
  readonly memory: string | null
  readonly accelerators: Readonly<Record<string, number>> | null
  readonly acceleratorArgs: Readonly<Record<string, string | boolean>> | null
  readonly useSpot: boolean
  readonly spotRecovery: string | null
  readonly region: string | null
  readonly zone: string | null
  readonly imageId: string | Readonly<Record<string, string>> | null
  /** GiB. */
  readonly diskSize: number
  readonly diskTier: DiskTier | null
  readonly ports: ReadonlyArray<string> | null
  readonly labels: Readonly<Record<string, string>> | null
  readonly #need: Need

  constructor(given?: Maybe<ResourcesOptions>) {
    const { anyRegion, cloudDisplay, needFrom } = values()
    const { machine, need }: Made =
      typeof given === "object" && given !== null && made in given
        ? (given[made] as Made)
        : { need: orException(() => needFrom(resourcesFields(given, "Resources"))), machine: null }
    this.#need = need
    this.cloud = need.cloud === undefined ? null : cloudNamed(need.cloud, cloudDisplay(need.cloud))
    this.instanceType = need.instance_type ?? machine
    this.cpus = need.cpus ?? null
    this.memory = need.memory ?? null
    this.accelerators = deepFrozen(need.accelerators ?? null)
    this.acceleratorArgs = deepFrozen((need.accelerator_args as Record<string, string | boolean> | undefined) ?? null)
    this.useSpot = need.use_spot ?? false
    this.spotRecovery = need.spot_recovery ?? null
    this.region = need.region ?? null
    this.zone = need.zone ?? null
    this.imageId = deepFrozen(need.image_id?.[anyRegion] ?? need.image_id ?? null)
    this.diskSize = need.disk_size ?? diskGibDefault
    this.diskTier = need.disk_tier ?? null
    this.ports = deepFrozen(need.ports ?? null)
    this.labels = deepFrozen(need.labels ?? null)
    Object.freeze(this)
  }

  /** The same with these changes, checked again; `null` takes a field back. */
  copy(changes?: Maybe<ResourcesOptions>): Resources {
    const over = resourcesFields(changes, "copy")
    const { needFrom, overrideResources } = values()
    return resourcesOf(orException(() => needFrom(overrideResources(this.#need as never, over))))
  }

  /** Whether cloud and instance type are set: fully specified. */
  isLaunchable(): boolean {
    return this.cloud !== null && this.instanceType !== null
  }

  /** Whether nothing is asked. */
  isEmpty(): boolean {
    return Object.keys(this.#need).length === 0
  }

  /** USD for one node over so many seconds. Only what costs nothing has a price in this version; else `NotSupportedError`. */
  getCost(seconds: number): number {
    if (typeof seconds !== "number" || !(seconds >= 0)) throw new ValueError(`getCost takes seconds from 0 up, got ${String(seconds)}.`)
    if (!this.isLaunchable()) throw new ValueError(`${this} has no price: cloud and instanceType say what it is.`)
    if (this.cloud?.name === "local" || this.cloud?.name === "ssh") return 0
    throw new NotSupportedError(`The prices of ${this.cloud} are not known to this version.`)
  }

  /**
   * Whether a task that asks this fits what was launched: one `Resources`, or a list of one for each node. cpus, memory and the size of the
   * disk do not count.
   */
  lessDemandingThan(launched: Resources | ReadonlyArray<Resources>, requestedNumNodes = 1, checkPorts = false): boolean {
    const other = launched instanceof Resources ? launched.#need : launched.map((one) => one.#need)
    return values().lessDemandingThan(this.#need, other, requestedNumNodes, checkPorts)
  }

  /** Whether a pattern rules this out: what the pattern names must be equal, what it leaves out is any. */
  shouldBeBlockedBy(blocked: Resources): boolean {
    return values().shouldBeBlockedBy(this.#need, blocked.#need)
  }

  /** The `resources` section of a task file; what is not asked is left out. */
  toYamlConfig(): Record<string, unknown> {
    const { image_id: _, ...rest } = structuredClone(this.#need)
    return { ...rest, ...(this.imageId === null ? {} : { image_id: structuredClone(this.imageId) }) }
  }

  /** As SkyPilot prints it: `AWS(p3.2xlarge[Spot], {'V100': 1})`. */
  toString(): string {
    return values().needText(this.instanceType === null ? this.#need : { ...this.#need, instance_type: this.instanceType })
  }
}

export const resourcesOf = (need: Need, machine: string | null = null): Resources =>
  new Resources({ [made]: { need, machine } } as ResourcesOptions)
