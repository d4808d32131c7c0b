/** `Resources(**kwargs)`, and `.copy(**changes)` of it: our value, completed by the offers that the original had. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { acceleratorsText } from "../../../task/accelerators.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { parseAmount } from "../../../task/amounts.ts"
import { checkWithOffers } from "../../../task/check-offers.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { diskGibDefault } from "../../../task/disk.ts"
import { getCost, isEmpty, isLaunchable, requiredFeatures } from "../../../task/fit.ts"
import { anyRegion, dockerImage } from "../../../task/images.ts"
import type { Need } from "../../../task/Need.ts"
import { overrideResources } from "../../../task/override-resources.ts"
import { Resources } from "../../../task/Resources.ts"
import { needText, placedNeedText } from "../../../task/resources-text.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { view } from "../view.ts"
import { resourcesRules } from "./resources-rules.ts"

export type Kwargs = Readonly<Record<string, unknown>>

const standard = Schema.toStandardSchemaV1(Resources, { parseOptions: { onExcessProperty: "error" } })
const refuse = (message: string, classes = ["ValueError"], about?: ReadonlyArray<string>) => ({
  error: { classes, message, ...(about ? { about } : {}) }
})

/** What was said, in its one form, or the refusal. */
const saidIn = (kwargs: Kwargs) => {
  const tuple = (kwargs["ports"] as { readonly tuple?: unknown } | null | undefined)?.tuple
  const checked = standard["~standard"].validate({ ...kwargs, ...(tuple === undefined ? {} : { ports: tuple }) })
  if (checked instanceof Promise) throw new Error("the schema became asynchronous")
  if (checked.issues !== undefined) return refuse(checked.issues.map((issue) => `${issue.path?.join(".")}: ${issue.message}`).join("; "))
  const { items, kind } = alternativesOf(checked.value)
  return kind === "one" ? items[0]! : refuse("several accelerators are several requests")
}

/** And as the offers complete it. */
export const needOfKwargs = (kwargs: Kwargs) => {
  const said = saidIn(kwargs)
  if (isRefused(said)) return said
  const done = checkWithOffers(said, view, ["aws", "gcp"])
  return Result.isSuccess(done) ? done.success : refuse(done.failure.message, [done.failure.error], done.failure.near)
}

export const isRefused = (answer: object): answer is Extract<Answer, { error: unknown }> => "error" in answer

const priced = (need: Need) => {
  if (!isLaunchable(need)) return {}
  const [accelerators] = Object.entries(need.accelerators ?? {}).map(([name, count]) => ({ name, count }))
  const { image_id: images, instance_type: instanceType, region, zone } = need
  const all = view(need.cloud!)!.places({ instanceType, accelerators, useSpot: need.use_spot ?? false, region, zone })
  const places = images === undefined || images[anyRegion] !== undefined ? all : all.filter((place) => images[place.region] !== undefined)
  const hourly = getCost(need, 3600, view)
  return {
    ...(hourly === undefined ? { hourly_error: true } : { hourly, cost_90s: getCost(need, 90, view) }),
    valid_regions: places.slice(0, 4),
    ...(places.length > 4 ? { valid_regions_count: places.length } : {})
  }
}

const described = (need: Need): Answer => {
  const { cloud, disk_size, use_spot, ...rest } = need
  const named = { ...rest, cloud: cloud && cloudDisplay(cloud), disk_size: disk_size ?? diskGibDefault }
  return {
    out: {
      fields: { ...named, use_spot: use_spot ?? false, use_spot_specified: use_spot !== undefined },
      repr: needText(need),
      repr_with_region_zone: placedNeedText(need),
      yaml: { ...named, use_spot },
      launchable: isLaunchable(need),
      empty: isEmpty(need),
      accelerators_str: acceleratorsText(need.accelerators),
      features: requiredFeatures(need),
      docker_image: dockerImage(need.image_id),
      ...priced(need)
    }
  }
}

const answer = ({ copy, kwargs }: { readonly copy?: Kwargs; readonly kwargs: Kwargs }): Answer => {
  const before = needOfKwargs(kwargs)
  if (isRefused(before)) return before
  const after = copy === undefined ? before : needOfKwargs(overrideResources(saidIn(kwargs) as Need, copy))
  return isRefused(after) ? after : described(after)
}

/** What the original answers: a copy takes over all that was filled in. */
const copyOfCompleted = ({ copy, kwargs }: GoldenCase["in"]): Answer => {
  const before = needOfKwargs(kwargs)
  const after = isRefused(before) ? before : needOfKwargs({ ...before, ...copy })
  return isRefused(after) ? after : described(after)
}

const amount = (value: unknown) => {
  const least = typeof value === "string" ? parseAmount(value) : undefined
  return least === undefined ? value : `${least.number} ${least.or}`
}
const plainText = (text: unknown) =>
  typeof text === "string"
    ? text
        .replace("(, ", "(")
        .replaceAll(/(cpus|mem)=([\d.e+]+?)(?=[+x]?[,)])/g, (_, name, number) => `${name}=${Number(number)}`)
        .replaceAll(/: '([\d.]+)'/g, ": $1")
        .replace(/(?<=accelerator_args=\{)[^}]*/, (args) => args.split(", ").sort().join(", "))
    : text
const counted = (accelerators: unknown) =>
  accelerators && Object.fromEntries(Object.entries(accelerators).map(([name, count]) => [name, Number(count)]))

type Fields = Readonly<Record<string, unknown>>
const plainFields = (fields: Fields | undefined): Fields => {
  const { accelerators, cpus, memory, ...rest } = fields ?? {}
  return { ...rest, cpus: amount(cpus), memory: amount(memory), accelerators: counted(accelerators) }
}

/** 8.0 is 8, "2" is 2, and a price that cannot be told is an error of any kind. */
const meaning = (out: unknown): unknown => {
  const { fields, hourly_error, repr, repr_with_region_zone, yaml, ...rest } = out as Readonly<Record<string, Fields>>
  return {
    ...rest,
    fields: plainFields(fields),
    yaml: plainFields(yaml),
    repr: plainText(repr),
    placed: plainText(repr_with_region_zone),
    hourly_error: hourly_error !== undefined
  }
}

export const resources: GoldenSet = { name: "resources", answer, meaning, rules: resourcesRules({ copyOfCompleted, meaning }) }
