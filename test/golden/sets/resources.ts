/** `Resources(**kwargs)`, and `.copy(**changes)` of it: our value, completed by the offers that the original had. */
import * as Result from "effect/Result"
import { toOptions } from "../../../sdk/api/field-names.ts"
import { acceleratorsText } from "../../../task/accelerators.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { parseAmount } from "../../../task/amounts.ts"
import { checkWithOffers } from "../../../task/check-offers.ts"
import { isLaunchable, requiredFeatures } from "../../../task/fit.ts"
import { anyRegion, dockerImage } from "../../../task/images.ts"
import type { Need } from "../../../task/Need.ts"
import type { Resources } from "../../../task/Resources.ts"
import { placedNeedText } from "../../../task/resources-text.ts"
import { sky } from "../../unit/sdk/sdk.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"
import { view } from "../view.ts"
import { resourcesRules } from "./resources-rules.ts"

export type Kwargs = Readonly<Record<string, unknown>>

type Made = InstanceType<typeof sky.Resources>

const refuse = (message: string, classes = ["ValueError"], about?: ReadonlyArray<string>) => ({
  error: { classes, message, ...(about ? { about } : {}) }
})

const classesOf = (error: unknown): Array<string> => {
  const above: unknown = error === null || error === undefined ? null : Object.getPrototypeOf(error)
  return above === null ? [] : [(above as Error).constructor.name, ...classesOf(above)]
}

const orRefusal = <A>(make: () => A) => {
  try {
    return make()
  } catch (error) {
    return refuse((error as Error).message, classesOf(error))
  }
}

/** As the caller of the API writes them. */
const optionsOf = (kwargs: Kwargs): object => {
  const tuple = (kwargs["ports"] as { readonly tuple?: unknown } | null | undefined)?.tuple
  return toOptions({ ...kwargs, ...(tuple === undefined ? {} : { ports: tuple }) })
}

/** What was said, in its one form, or the refusal. */
const saidIn = (kwargs: Kwargs) => orRefusal(() => new sky.Resources(optionsOf(kwargs)))

const completed = (said: Made) => {
  const [need] = alternativesOf(said.toYamlConfig() as Resources).items
  const done = checkWithOffers(need!, view, ["aws", "gcp"])
  return Result.isSuccess(done) ? done.success : refuse(done.failure.message, [done.failure.error], done.failure.near)
}

/** And as the offers complete it. */
export const needOfKwargs = (kwargs: Kwargs) => {
  const said = saidIn(kwargs)
  return isRefused(said) ? said : completed(said)
}

export const resourcesOfNeed = (need: Need): Made => new sky.Resources(toOptions(need))

export const isRefused = (answer: object): answer is Extract<Answer, { error: unknown }> => "error" in answer

/** By the whole lists, as a caller of the API gets it. */
const costs = (made: Made) => {
  try {
    return { hourly: made.getCost(3600), cost_90s: made.getCost(90) }
  } catch {
    return { hourly_error: true }
  }
}

const priced = (need: Need, made: Made) => {
  if (!isLaunchable(need)) return {}
  const [accelerators] = Object.entries(need.accelerators ?? {}).map(([name, count]) => ({ name, count }))
  const { image_id: images, instance_type: instanceType, region, zone } = need
  const all = view(need.cloud!)!.places({ instanceType, accelerators, useSpot: need.use_spot ?? false, region, zone })
  const places = images === undefined || images[anyRegion] !== undefined ? all : all.filter((place) => images[place.region] !== undefined)
  return {
    ...costs(made),
    valid_regions: places.slice(0, 4),
    ...(places.length > 4 ? { valid_regions_count: places.length } : {})
  }
}

const described = (need: Need): Answer => {
  const made = resourcesOfNeed(need)
  const { cloud: _, use_spot, ...rest } = need
  const named = { ...rest, cloud: made.cloud && String(made.cloud), disk_size: made.diskSize }
  return {
    out: {
      fields: { ...named, use_spot: made.useSpot, use_spot_specified: use_spot !== undefined },
      repr: String(made),
      repr_with_region_zone: placedNeedText(need),
      yaml: { ...named, use_spot },
      launchable: made.isLaunchable(),
      empty: made.isEmpty(),
      accelerators_str: acceleratorsText(need.accelerators),
      features: requiredFeatures(need),
      docker_image: dockerImage(need.image_id),
      ...priced(need, made)
    }
  }
}

const answer = ({ copy, kwargs }: { readonly copy?: Kwargs; readonly kwargs: Kwargs }): Answer => {
  const before = needOfKwargs(kwargs)
  if (isRefused(before)) return before
  const copied = copy && orRefusal(() => (saidIn(kwargs) as Made).copy(optionsOf(copy)))
  if (copied !== undefined && isRefused(copied)) return copied
  const after = copied === undefined ? before : completed(copied)
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

/** Prices are those of the lists that come along, whatever lists this user has fetched. */
const open = async () => {
  const before = process.env["SKYD_HOME"]
  process.env["SKYD_HOME"] = "/nowhere"
  return async () => {
    if (before === undefined) delete process.env["SKYD_HOME"]
    else process.env["SKYD_HOME"] = before
  }
}

export const resources: GoldenSet = { name: "resources", answer, meaning, open, rules: resourcesRules({ copyOfCompleted, meaning }) }
