/**
 * One request in its one form: what the many ways to write `Resources` come down to. Keys that ask for nothing are absent.
 * A `Need` is itself a valid `Resources`, and its own canonical form.
 */
import { isTpu, parseAccelerators, tpuVm } from "./accelerators.ts"
import { amountText } from "./amounts.ts"
import { type AutostopSetting, parseAutostop } from "./autostop.ts"
import { cloudDisplay, cloudOf, parseInfra } from "./clouds.ts"
import { type DiskTier, diskGibDefault, parseDiskGib, parseDiskTier } from "./disk.ts"
import { dockerImage, type Images, imageProblem, parseImages } from "./images.ts"
import { portTexts } from "./ports.ts"
import { present } from "./present.ts"
import type { Say } from "./Refusal.ts"
import type { Alternative } from "./Resources.ts"

/** How a managed spot job would come back. skyd runs none: the value is carried, and a launch with one is refused. */
export const recoveries = ["FAILOVER", "EAGER_NEXT_REGION"] as const
type Recovery = (typeof recoveries)[number]

/** Null for `none`; undefined for what is no strategy. */
export const parseRecovery = (text: string): Recovery | null | undefined =>
  text.trim().toLowerCase() === "none" ? null : recoveries.find((one) => one === text.toUpperCase())

type Value = string | boolean
interface JobRecovery {
  readonly strategy?: Recovery
  readonly max_restarts_on_errors?: number
  readonly recover_on_exit_codes?: ReadonlyArray<number>
}

export interface Need {
  readonly cloud?: string
  readonly region?: string
  readonly zone?: string
  readonly instance_type?: string
  readonly cpus?: string
  readonly memory?: string
  /** One name and its count. */
  readonly accelerators?: Readonly<Record<string, number>>
  readonly accelerator_args?: { readonly tpu_vm?: Value; readonly runtime_version?: string; readonly tpu_name?: string }
  /** Absent when nothing was said of it, which a cluster of either kind meets. */
  readonly use_spot?: boolean
  readonly spot_recovery?: Recovery
  readonly job_recovery?: JobRecovery
  readonly disk_size?: number
  readonly disk_tier?: DiskTier
  readonly ports?: ReadonlyArray<string>
  readonly image_id?: Images
  readonly labels?: Readonly<Record<string, string>>
  readonly autostop?: AutostopSetting
}

const isTrue = (value: Value | null | undefined) => value !== false && String(value).toLowerCase() !== "false"
/** TPUs run on a machine of their own unless told otherwise. */
const runtimeDefault = (isVm: boolean) => (isVm ? "tpu-vm-base" : "2.12.0")

const argsOf = (args: Alternative["accelerator_args"], onTpu: boolean): Need["accelerator_args"] => {
  const given = present<NonNullable<Need["accelerator_args"]>>({ ...args } as NonNullable<Need["accelerator_args"]>)
  const full = onTpu ? { ...given, runtime_version: given.runtime_version ?? runtimeDefault(isTrue(given.tpu_vm)) } : given
  return Object.keys(full).length === 0 ? undefined : full
}

const recoveryOf = (asked: Alternative["job_recovery"]): JobRecovery | undefined => {
  const { max_restarts_on_errors, recover_on_exit_codes, strategy } = typeof asked === "string" ? { strategy: asked } : (asked ?? {})
  const codes = typeof recover_on_exit_codes === "number" ? [recover_on_exit_codes] : recover_on_exit_codes
  const full = present<JobRecovery>({
    strategy: strategy === undefined || strategy === null ? undefined : parseRecovery(strategy),
    max_restarts_on_errors,
    recover_on_exit_codes: codes
  })
  return Object.keys(full).length === 0 ? undefined : full
}

const some = <A, B>(value: A | null | undefined, parse: (value: A) => B | undefined): B | undefined =>
  value === undefined || value === null ? undefined : parse(value)

/** Of a value that the schema has taken. */
export const needOf = (asked: Alternative): Need => {
  const place = some(asked.infra, parseInfra) ?? asked
  const [accelerator] = some(asked.accelerators, parseAccelerators)?.items ?? []
  const onTpu = accelerator !== undefined && isTpu(accelerator.name)
  const region = place.region ?? undefined
  const tier = some(asked.disk_tier, parseDiskTier)
  const size = some(asked.disk_size, parseDiskGib)
  const labels = asked.labels ?? {}
  const ports = some(asked.ports, portTexts) ?? []
  return present<Need>({
    cloud: some(place.cloud, cloudOf) ?? (onTpu ? "gcp" : undefined),
    region,
    zone: place.zone,
    instance_type: asked.instance_type,
    cpus: some(asked.cpus, amountText),
    memory: some(asked.memory, amountText),
    accelerators: accelerator && { [accelerator.name]: accelerator.count },
    accelerator_args: argsOf(asked.accelerator_args, onTpu),
    use_spot: asked.use_spot,
    spot_recovery: some(asked.spot_recovery, parseRecovery),
    job_recovery: recoveryOf(asked.job_recovery),
    disk_size: size === diskGibDefault ? undefined : size,
    disk_tier: tier === "none" ? undefined : tier,
    ports: ports.length === 0 ? undefined : ports,
    image_id: some(asked.image_id, (image) => parseImages(image, region)),
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    autostop: some(asked.autostop, parseAutostop)
  })
}

/** What is wrong, and where, as a schema's rule tells it. */
export interface Issue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly issue: string
}
const wrong = (field: keyof Alternative, issue: string): Issue => ({ path: [field], issue })

const tpuIssue = (asked: Alternative, need: Need, say: Say): Issue | undefined => {
  const [name] = Object.keys(need.accelerators ?? {})
  if (name === undefined || !isTpu(name)) return undefined
  if (need.cloud !== "gcp") return wrong("accelerators", `${name} is on GCP only, not on ${cloudDisplay(need.cloud ?? "")}`)
  const isVm = isTrue(asked.accelerator_args?.tpu_vm ?? undefined)
  if (isVm && need.instance_type !== undefined && need.instance_type !== tpuVm)
    return wrong("instance_type", `a TPU VM is the machine itself: leave the type out, or set tpu_vm: false in ${say("accelerator_args")}`)
  return dockerImage(need.image_id) === undefined ? undefined : wrong("image_id", "a docker image cannot be used on TPUs")
}

/** What in one request goes against another part of it; nothing that depends on offers. */
export const needIssue = (asked: Alternative, say: Say): Issue | undefined => {
  const given = (value: unknown) => value !== undefined && value !== null
  const also = (["cloud", "region", "zone"] as const).find((key) => given(asked.infra) && given(asked[key]))
  if (also !== undefined) return wrong(also, `infra and ${also} exclude each other: write both as infra`)
  const need = needOf(asked)
  if (need.spot_recovery !== undefined && need.use_spot !== true)
    return wrong("spot_recovery", `${say("spot_recovery")} needs ${say("use_spot")}: true`)
  if (given(asked.spot_recovery) && given(asked.job_recovery))
    return wrong("job_recovery", `${say("spot_recovery")} and ${say("job_recovery")} are two names of one thing: give one`)
  return tpuIssue(asked, need, say)
}

/** Where its image is, which a request for a new cluster has to say; one that is there knows it by itself. */
export const imageIssue = (asked: Alternative): Issue | undefined => {
  const need = needOf(asked)
  if (need.image_id === undefined) return undefined
  // A region, a zone or a type may still tell the cloud, and a zone its region: that is for the offers.
  const isOpen = need.cloud === undefined && (need.region ?? need.zone ?? need.instance_type) !== undefined
  const image = isOpen ? undefined : imageProblem(need.image_id, need.cloud, need.region ?? need.zone)
  return image === undefined ? undefined : wrong("image_id", image)
}
