/**
 * What a task asks of each node. The keys are those of the YAML file, on the wire and in facts alike. Every way of writing a value is
 * taken here; `alternativesOf` brings all of them to one. What needs to know the offers of a cloud is checked by `check-offers.ts`.
 */
import * as Schema from "effect/Schema"
import { type AcceleratorsField, isAcceleratorName, parseAccelerators } from "./accelerators.ts"
import { resourcesIssue } from "./alternatives.ts"
import { isCpus, isMemory } from "./amounts.ts"
import { parseAutostop } from "./autostop.ts"
import { cloudOf, cloudWords, parseInfra } from "./clouds.ts"
import { diskTiers, parseDiskGib, parseDiskTier } from "./disk.ts"
import { parseImages } from "./images.ts"
import { parseRecovery, recoveries } from "./Need.ts"
import { didYouMean } from "./near.ts"
import { badPort } from "./ports.ts"

const labelKeyMaxChars = 128
const labelMaxChars = 256
const alternativesMax = 64
const portsMax = 1024
/** Of a value that a message repeats. */
const shownMaxChars = 64
const shown = (value: unknown) => {
  const text = String(value)
  return text.length <= shownMaxChars ? text : `${text.slice(0, shownMaxChars)}…`
}

const field = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
/** A schema with a rule that names what is wrong. */
const ruled = <S extends Schema.Top>(schema: S, problem: (value: S["Type"]) => string | undefined | false) =>
  schema.check(Schema.makeFilter((value) => problem(value as S["Type"]) || undefined))

const textOrNumber = Schema.Union([Schema.Finite, Schema.String])
const place = field(ruled(Schema.String, (text) => text.trim() === "" && "expected a name, got nothing"))

const unknownCloud = (text: string) => {
  const near = didYouMean(text.slice(0, shownMaxChars), cloudWords)
  return `unknown cloud '${shown(text)}'${near === undefined ? `: expected one of ${cloudWords.join(", ")}` : `. Did you mean '${near}'?`}`
}

const acceleratorForms = 'expected "NAME" or "NAME:COUNT", or names with counts above 0'
const AcceleratorCounts = Schema.Record(Schema.String, Schema.NullOr(textOrNumber))
const acceleratorsProblem = (value: AcceleratorsField): string | undefined => {
  const choice = parseAccelerators(value)
  if (choice === undefined) return acceleratorForms
  if (choice.items.length > alternativesMax) return `expected 1 to ${alternativesMax} kinds of accelerators`
  const odd = choice.items.find(({ name }) => !isAcceleratorName(name))
  return odd && `'${shown(odd.name)}' is no name of an accelerator: up to 64 letters, digits, blanks, . - and _`
}
const recoveryProblem = (text: string) =>
  parseRecovery(text) === undefined && `unknown strategy '${shown(text)}': expected one of ${recoveries.join(", ")}, none`

/** A form that is right names a cloud that nobody knows. */
const infraProblem = (text: string) => {
  if (parseInfra(text) !== undefined) return undefined
  const [first = ""] = text.trim().split("/")
  return first !== "" && first !== "*" && cloudOf(first) === undefined
    ? `'${shown(text)}' is no place: ${unknownCloud(first)}`
    : `'${shown(text)}' is no place: expected cloud, cloud/region or cloud/region/zone, * for any`
}

/** One request: what `any_of` and `ordered` list. */
export const Alternative = Schema.Struct({
  /** `cloud/region/zone` in one; `*` for any. Not together with the three. */
  infra: field(ruled(Schema.String, infraProblem)),
  cloud: field(ruled(Schema.String, (text) => cloudOf(text) === undefined && unknownCloud(text))),
  region: place,
  zone: place,
  instance_type: place,
  /** vCPUs of each node. */
  cpus: field(ruled(textOrNumber, (value) => !isCpus(value) && `expected a positive number, "N" or "N+", got '${shown(value)}'`)),
  /** GiB of each node; `"Nx"`: for each vCPU. */
  memory: field(
    ruled(textOrNumber, (value) => !isMemory(value) && `expected a positive number of GiB, "N", "N+" or "Nx", got '${shown(value)}'`)
  ),
  /** One kind of accelerator and how many each node needs; fractions share one. */
  accelerators: field(
    ruled(
      Schema.Union([Schema.String, AcceleratorCounts]),
      (value) =>
        acceleratorsProblem(value) ??
        (parseAccelerators(value)?.kind !== "one" && "expected one kind of accelerator: each alternative has its own")
    )
  ),
  /** Of TPUs. */
  accelerator_args: field(
    Schema.Struct({
      tpu_vm: field(Schema.Union([Schema.Boolean, Schema.String])),
      runtime_version: field(Schema.String),
      tpu_name: field(Schema.String)
    })
  ),
  use_spot: field(Schema.Boolean),
  /** Of managed spot jobs: carried, and refused at a launch. */
  spot_recovery: field(ruled(Schema.String, recoveryProblem)),
  /** The newer name of `spot_recovery`. */
  job_recovery: field(
    Schema.Union([
      ruled(Schema.String, recoveryProblem),
      Schema.Struct({
        strategy: field(ruled(Schema.String, recoveryProblem)),
        max_restarts_on_errors: field(Schema.Natural),
        recover_on_exit_codes: field(Schema.Union([Schema.Int, Schema.Array(Schema.Int)]))
      })
    ])
  ),
  /** GiB; text may end in GB or TB. */
  disk_size: field(
    ruled(textOrNumber, (size) => parseDiskGib(size) === undefined && `expected a whole number of GiB from 1 up, got '${shown(size)}'`)
  ),
  disk_tier: field(
    ruled(
      Schema.String,
      (tier) => parseDiskTier(tier) === undefined && `unknown tier '${shown(tier)}': expected one of ${diskTiers.join(", ")}, none`
    )
  ),
  /** Numbers and ranges `from-to`, 1 to 65535. */
  ports: field(
    ruled(Schema.Union([Schema.Finite, Schema.String, Schema.Array(textOrNumber)]), (ports) => {
      const bad = badPort(ports)
      if (Array.isArray(ports) && ports.length > portsMax) return `expected up to ${portsMax} ports and ranges`
      return bad !== undefined && `'${shown(bad)}' is no port: expected 1 to 65535, or "from-to" with from <= to`
    })
  ),
  /** A cloud's image, `docker:IMAGE`, or a mapping of regions to images. */
  image_id: field(
    ruled(
      Schema.Union([Schema.String, Schema.Record(Schema.String, Schema.String)]),
      (image) => parseImages(image, undefined) === undefined && "expected an image, or a mapping of regions to images"
    )
  ),
  /** Tags of what is made on the cloud. */
  labels: field(
    ruled(Schema.Record(Schema.String, Schema.String), (labels) => {
      const bad = Object.entries(labels).find(([key, value]) => key === "" || key.length > labelKeyMaxChars || value.length > labelMaxChars)
      return bad !== undefined && `label '${shown(bad[0])}': a key has 1 to ${labelKeyMaxChars} characters, a value up to ${labelMaxChars}`
    })
  ),
  /** Minutes, `"10m"`, `"1h"`, true (5 minutes), or both of minutes and `down`. */
  autostop: field(
    ruled(
      Schema.Union([
        Schema.Boolean,
        Schema.Finite,
        Schema.String,
        Schema.Struct({ idle_minutes: field(textOrNumber), down: field(Schema.Boolean) })
      ]),
      (value) => parseAutostop(value) === undefined && 'expected whole minutes, "10m", "1h", true, false, or both of minutes and down'
    )
  )
})
export type Alternative = typeof Alternative.Type

const Alternatives = ruled(
  Schema.Array(Alternative),
  (items) => (items.length === 0 || items.length > alternativesMax) && `expected 1 to ${alternativesMax} alternatives`
)

/** Each field by its own rules. */
export const ResourcesFields = Schema.Struct({
  ...Alternative.fields,
  /** A mapping of several names: whichever is cheapest. A list: the first that can be had. */
  accelerators: field(ruled(Schema.Union([Schema.String, AcceleratorCounts, Schema.Array(Schema.String)]), acceleratorsProblem)),
  /** Whichever is cheapest; each is added to what stands beside it. */
  any_of: field(Alternatives),
  /** The first that can be had. */
  ordered: field(Alternatives)
})

/** One request, or several that would each do. */
export const Resources = ResourcesFields.check(Schema.makeFilter((resources) => resourcesIssue(resources as Resources)))
export type Resources = typeof Resources.Type
