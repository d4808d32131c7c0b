/** `sky.Resources`: what a task asks of each node. The value is task/'s; here it has the contract's names. */
import { type Maybe, shown, wholeNumber, yesOrNo } from "./arguments.ts"
import { type Cloud, cloudNamed } from "./Cloud.ts"
import type { DiskTier } from "./enums.ts"
import { ValueError } from "./exceptions.ts"
import { toOptions } from "./field-names.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"
import { type AutostopSetting, type JobRecovery, type ResourcesOptions, resourcesFields } from "./resources-options.ts"

type Request = import("./values.ts").Request

const deepFrozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null) return value
  for (const inner of Object.values(value)) deepFrozen(inner)
  return Object.freeze(value)
}

/** A request that was checked before, and what its machine is called where its cloud has no types to ask for. */
const made = Symbol("made")
interface Made extends ResourcesOptions {
  readonly [made]: Request & { readonly machine: string | null }
}
const isMade = (given: Maybe<ResourcesOptions>): given is Made => typeof given === "object" && given !== null && made in given

/** What says which machine it is. */
const machineFields = ["cloud", "infra", "instance_type", "cpus", "memory", "accelerators"]

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
  /** False for never; null where nothing is said. */
  readonly autostop: AutostopSetting | false | null
  readonly jobRecovery: JobRecovery | null
  /** A copy is another way to say it: what followed from the old one is not taken over. */
  readonly #said: Request["said"]
  readonly #need: Request["need"]
  readonly #machine: string | null

  constructor(given?: Maybe<ResourcesOptions>) {
    const { anyRegion, cloudDisplay, diskGibDefault, requestFrom } = values()
    const { machine, need, said } = isMade(given)
      ? given[made]
      : { ...orException(() => requestFrom(resourcesFields(given, "Resources"))), machine: null }
    this.#said = said
    this.#need = need
    this.#machine = machine
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
    const { autostop, job_recovery } = need
    this.autostop =
      said.autostop === false ? false : autostop ? deepFrozen({ idleMinutes: autostop.idle_minutes, down: autostop.down }) : null
    this.jobRecovery = job_recovery === undefined ? null : deepFrozen(toOptions(job_recovery))
    Object.freeze(this)
  }

  /** The same with these changes, checked again; `null` takes a field back. */
  copy(changes?: Maybe<ResourcesOptions>): Resources {
    const over = resourcesFields(changes, "copy")
    const { overrideResources, requestFrom } = values()
    const kept = machineFields.some((name) => Object.hasOwn(over, name)) ? null : this.#machine
    return resourcesOf(
      orException(() => requestFrom(overrideResources(this.#said, over))),
      kept
    )
  }

  /** Whether cloud and instance type are set: fully specified. */
  isLaunchable(): boolean {
    return values().isLaunchable(this.#named())
  }

  /** Whether nothing is asked. */
  isEmpty(): boolean {
    return values().isEmpty(this.#need)
  }

  /**
   * USD for one node over so many seconds, where it is cheapest within its region and zone; as spot, if that is what it asks for. This
   * machine and your own are free. By the lists that the daemon plans by, without one: `ValueError` where it cannot be had or does not say
   * what it is, `NotSupportedError` of a cloud without a list. What has been paid is told by `costReport`.
   */
  getCost(seconds: number): number {
    if (!(Number.isFinite(seconds) && seconds >= 0)) throw new ValueError(`getCost takes seconds from 0 up, got ${String(seconds)}.`)
    return orException(() => values().costOf(this.#named(), seconds))
  }

  /**
   * Whether a task that asks this fits what was launched: one `Resources`, or a list of one for each node. cpus, memory and the size of the
   * disk do not count.
   */
  lessDemandingThan(
    launched: Resources | ReadonlyArray<Resources>,
    requestedNumNodes?: Maybe<number>,
    checkPorts?: Maybe<boolean>
  ): boolean {
    const nodes = wholeNumber(requestedNumNodes, "requestedNumNodes") ?? 1
    if (nodes < 1) throw new ValueError(`requestedNumNodes takes a number from 1 up, got ${nodes}.`)
    const other = launched instanceof Resources ? launched.#need : allResources(launched, "lessDemandingThan").map((one) => one.#need)
    return values().lessDemandingThan(this.#need, other, nodes, yesOrNo(checkPorts, "checkPorts") ?? false)
  }

  /** Whether a pattern rules this out: what the pattern names must be equal, what it leaves out is any. */
  shouldBeBlockedBy(blocked: Resources): boolean {
    if (!(blocked instanceof Resources)) throw new TypeError(`shouldBeBlockedBy takes a sky.Resources, got ${shown(blocked)}.`)
    return values().shouldBeBlockedBy(this.#need, blocked.#need)
  }

  /** The `resources` section of a task file; what is not asked is left out. */
  toYamlConfig(): Record<string, unknown> {
    return { ...structuredClone(this.#said) }
  }

  /** As SkyPilot prints it: `AWS(p3.2xlarge[Spot], {'V100': 1})`. */
  toString(): string {
    return values().needText(this.#named())
  }

  #named(): Request["need"] {
    return this.instanceType === null ? this.#need : { ...this.#need, instance_type: this.instanceType }
  }
}

export const allResources = (given: Iterable<Resources>, of: string): ReadonlyArray<Resources> => {
  const all = typeof given === "object" && given !== null && Symbol.iterator in given ? [...given] : undefined
  if (all?.every((one) => one instanceof Resources)) return all
  const odd = all?.find((one) => !(one instanceof Resources)) ?? given
  throw new TypeError(`${of} takes sky.Resources, an array or a Set of them, got ${shown(odd)}.`)
}

export const resourcesOf = (request: Request, machine: string | null = null): Resources => {
  const asked: Made = { [made]: { ...request, machine } }
  return new Resources(asked)
}
