/**
 * What can only be checked with the offers at hand: places, types, images, the spelling of accelerators. What was left out and follows
 * (the cloud of a region, the accelerators of a type) is filled in; what the user wrote is never changed but in its spelling.
 */
import * as Result from "effect/Result"
import { isSpelled, isTpu, spelled } from "./accelerators.ts"
import { leastOf, meets } from "./amounts.ts"
import { checkPlace } from "./check-place.ts"
import { beyondLimits } from "./cloud-limits.ts"
import { cloudDisplay } from "./clouds.ts"
import { diskGibDefault } from "./disk.ts"
import { anyRegion, dockerImage, type Images, imageProblem, isTag, parseImages, tagOf } from "./images.ts"
import type { Need } from "./Need.ts"
import { nearestTo } from "./near.ts"
import type { CloudOffers, InstanceType, Offers } from "./Offers.ts"
import { type Checked, noCloud, refused } from "./Refusal.ts"

const displays = (clouds: ReadonlyArray<string>) => clouds.map(cloudDisplay).join(", ")

/** By a part of the name when only one has it; as it was typed when none does: a place may have what no list names. */
const checkAccelerators = (need: Need, offers: Offers, enabled: ReadonlyArray<string>): Checked<Need["accelerators"]> => {
  const [entry] = Object.entries(need.accelerators ?? {})
  if (entry === undefined || isSpelled(entry[0])) return Result.succeed(need.accelerators)
  const [name, count] = entry
  const word = name.toLowerCase()
  const known = new Set(enabled.flatMap((cloud) => offers(cloud)?.acceleratorNames ?? []))
  const hits = [...known].filter((one) => one.toLowerCase().includes(word))
  const exact = hits.find((one) => one.toLowerCase() === word)
  if (exact === undefined && hits.length > 1) {
    const place = (hit: string) => (hit.toLowerCase().startsWith(word) ? 0 : isTpu(hit) ? 2 : 1)
    return refused(
      `The accelerator '${name}' is ambiguous.`,
      hits.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    )
  }
  return Result.succeed({ [exact ?? hits[0] ?? spelled(name)]: count })
}

const checkType = (
  need: Need,
  offers: Offers,
  enabled: ReadonlyArray<string>
): Checked<readonly [cloud: string, type: InstanceType] | undefined> => {
  const { cloud, instance_type: name } = need
  if (name === undefined) return Result.succeed(undefined)
  const among = cloud === undefined ? enabled : [cloud]
  const found = among.flatMap((one) => {
    const type = offers(one)?.instanceType(name)
    return type === undefined ? [] : [[one, type] as const]
  })
  if (found.length > 1) return refused(`Several clouds have the type '${name}': ${displays(found.map(([one]) => one))}. Name the cloud.`)
  if (found.length === 0) {
    const known = among.flatMap((one) => offers(one)?.typeNames ?? [])
    const others = enabled.filter((one) => offers(one)?.instanceType(name) !== undefined)
    const whose = others.length === 0 ? "" : `: it is one of ${displays(others)}'s`
    return refused(`There is no instance type '${name}' on ${displays(among)}${whose}.`, others.length > 0 ? [] : nearestTo(name, known))
  }
  return Result.succeed(found[0])
}

const checkAmounts = ({ cpus, memory }: Need, type: InstanceType): Checked<undefined> => {
  const amounts = [
    [cpus, type.vcpus, "vCPUs"],
    [memory, type.memoryGib, "GiB of memory"]
  ] as const
  for (const [asked, has, unit] of amounts) {
    if (asked === undefined) continue
    if (has === null) return refused(`How many ${unit} ${type.name} has follows from its accelerator: leave them out.`)
    if (meets(has, asked, type.vcpus ?? 0)) continue
    const least = leastOf(asked, type.vcpus ?? 0)
    return refused(`${type.name} has ${has} ${unit}, ${asked} ${least === Number(asked) ? "exactly " : ""}were asked for.`)
  }
  return Result.succeed(undefined)
}

/** Of the cloud, whether the account may use it or not. Where no list can be read nobody knows. */
const isRegion = ({ closedRegions = [], regions }: CloudOffers, name: string) =>
  regions.length === 0 || regions.includes(name) || closedRegions.includes(name)

/** Where another cloud may take it, that is asked. */
const checkLimits = (need: Need, offers: Offers, enabled: ReadonlyArray<string>): Checked<undefined> => {
  const problems = (need.cloud === undefined ? enabled : [need.cloud]).map((one) => beyondLimits(one, need, offers(one) ?? {}))
  return problems.length === 0 || problems.includes(undefined) ? Result.succeed(undefined) : refused(problems[0]!)
}

/** Whatever the offers are. */
export const checkImagePlace = (need: Need): Checked<Need> => {
  const { cloud, image_id: images, region, zone } = need
  const problem = images && imageProblem(images, cloud, region ?? zone)
  return problem === undefined ? Result.succeed(need) : refused(`image_id: ${problem}.`)
}

const checkImages = (need: Need, offers: Offers): Checked<Images | undefined> => {
  if (need.image_id === undefined) return Result.succeed(undefined)
  const { cloud, region } = need
  const images = parseImages(need.image_id, region)!
  const problem = imageProblem(images, cloud, region)
  if (problem !== undefined) return refused(`image_id: ${problem}.`)
  if (region !== undefined && images[region] === undefined)
    return refused(`image_id has no image for the region ${region}; it has: ${Object.keys(images).join(", ")}.`)
  const used = region === undefined ? images : { [region]: images[region]! }
  const place = cloud === undefined ? undefined : offers(cloud)
  if (place === undefined || dockerImage(images) !== undefined) return Result.succeed(used)
  const nowhere = Object.keys(images).find((one) => one !== anyRegion && !isRegion(place, one))
  if (nowhere !== undefined)
    return refused(
      `image_id names the region '${nowhere}', which ${cloudDisplay(cloud!)} does not have.`,
      nearestTo(nowhere, place.regions)
    )
  const missing = Object.values(used).find((id) => isTag(id) && !place.imageTags.includes(tagOf(id)))
  if (missing !== undefined) return refused(`${cloudDisplay(cloud!)} has no image '${missing}'. It has: ${place.imageTags.join(", ")}.`)
  // How large an image of the user's is, its cloud says when it is asked for.
  const gib = need.disk_size ?? diskGibDefault
  if (Object.values(used).some(isTag) && gib < place.imageGib) return refused(`The image needs ${place.imageGib} GiB, disk_size is ${gib}.`)
  return Result.succeed(used)
}

/** The need with all that follows from the offers, or why there is no such thing. */
export const checkWithOffers = (need: Need, offers: Offers, enabled: ReadonlyArray<string>): Checked<Need> =>
  Result.gen(function* () {
    const isOpen = need.cloud === undefined && (need.region ?? need.zone ?? need.instance_type) !== undefined
    if (isOpen && enabled.length === 0) return yield* Result.fail(noCloud)
    const place = { ...need, ...(yield* checkPlace(need, offers, enabled)) }
    const accelerators = yield* checkAccelerators(place, offers, enabled)
    const found = yield* checkType(place, offers, enabled)
    const [cloud, type] = found ?? [place.cloud, undefined]
    if (type !== undefined) yield* checkAmounts(place, type)
    const own = type?.accelerators
    const had = accelerators ?? (own ? { [own.name]: own.count } : undefined)
    const full: Need = { ...place, ...(cloud === undefined ? {} : { cloud }), ...(had === undefined ? {} : { accelerators: had }) }
    yield* checkLimits(full, offers, enabled)
    const images = yield* checkImages(full, offers)
    return images === undefined ? full : { ...full, image_id: images }
  })
