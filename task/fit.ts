/** Whether one need is met by another: a task by a cluster, a place by what is blocked. And what a need costs. */
import { isTierAtMost } from "./disk.ts"
import { anyRegion, dockerImage, type Images } from "./images.ts"
import type { Need } from "./Need.ts"
import type { CloudOffers } from "./Offers.ts"
import { holdsPorts } from "./ports.ts"

/** Whether two plain values say the same. */
export const same = (a: unknown, b: unknown): boolean => {
  const isMapping = (value: unknown) => typeof value === "object" && value !== null
  if (!isMapping(a) || !isMapping(b)) return a === b
  const [left, right] = [Object.entries(a as object), b as Readonly<Record<string, unknown>>]
  return left.length === Object.keys(right).length && left.every(([key, value]) => same(value, right[key]))
}

const hasAccelerators = (wanted: Need["accelerators"], has: Need["accelerators"]) =>
  Object.entries(wanted ?? {}).every(([name, count]) => (has?.[name] ?? 0) >= count)

/** Every image that the cluster may have started from is the one that is wanted there. */
const hasImages = (wanted: Images, has: Images | undefined) =>
  has !== undefined && Object.entries(has).every(([region, id]) => (wanted[region] ?? wanted[anyRegion]) === id)

const isWithin = (wanted: Need, launched: Need, checkPorts: boolean): boolean => {
  const named = (["cloud", "region", "zone", "instance_type"] as const).every(
    (key) => wanted[key] === undefined || wanted[key] === launched[key]
  )
  if (!named || !hasAccelerators(wanted.accelerators, launched.accelerators)) return false
  if (wanted.image_id !== undefined && !hasImages(wanted.image_id, launched.image_id)) return false
  if (wanted.accelerator_args !== undefined && !same(wanted.accelerator_args, launched.accelerator_args)) return false
  if (wanted.use_spot !== undefined && wanted.use_spot !== (launched.use_spot ?? false)) return false
  const [tier, has] = [wanted.disk_tier, launched.disk_tier]
  if (tier !== undefined && (has === undefined || (tier !== "best" && !isTierAtMost(tier, has)))) return false
  return !checkPorts || wanted.ports === undefined || holdsPorts(launched.ports ?? [], wanted.ports)
}

/**
 * Whether a task fits a cluster: one need stands for all of its nodes, a list for each. cpus, memory and the size of the disk do not
 * count: who launched with less of them is not refused (the contract).
 */
export const lessDemandingThan = (wanted: Need, launched: Need | ReadonlyArray<Need>, nodes = 1, checkPorts = false): boolean =>
  Array.isArray(launched)
    ? launched.filter((node: Need) => isWithin(wanted, node, checkPorts)).length >= nodes
    : isWithin(wanted, launched as Need, checkPorts)

/** Whether a place is blocked by a pattern: what the pattern names must be equal, what it leaves out is any. */
export const shouldBeBlockedBy = (place: Need, pattern: Need): boolean =>
  (["cloud", "instance_type", "region", "zone", "accelerators"] as const).every(
    (key) => pattern[key] === undefined || same(pattern[key], place[key])
  )

export const isLaunchable = (need: Need) => need.cloud !== undefined && need.instance_type !== undefined
export const isEmpty = (need: Need) => Object.keys(need).length === 0

/** USD for one node; undefined where no offer has it. */
export const getCost = (
  need: Need,
  seconds: number,
  offers: (cloud: string) => Pick<CloudOffers, "usdPerHour"> | undefined
): number | undefined => {
  const [entry] = Object.entries(need.accelerators ?? {})
  const perHour = offers(need.cloud ?? "")?.usdPerHour({
    instanceType: need.instance_type,
    accelerators: entry && { name: entry[0], count: entry[1] },
    useSpot: need.use_spot ?? false,
    region: need.region,
    zone: need.zone
  })
  return perHour === undefined ? undefined : (perHour * seconds) / 3600
}

export type Feature = "CUSTOM_DISK_TIER" | "DOCKER_IMAGE" | "IMAGE_ID" | "OPEN_PORTS" | "SPOT_INSTANCE"

/** What a cloud must be able to do for it. */
export const requiredFeatures = (need: Need): ReadonlyArray<Feature> => {
  const asks: ReadonlyArray<readonly [Feature, boolean]> = [
    ["CUSTOM_DISK_TIER", need.disk_tier !== undefined && need.disk_tier !== "best"],
    ["DOCKER_IMAGE", dockerImage(need.image_id) !== undefined],
    ["IMAGE_ID", need.image_id !== undefined && dockerImage(need.image_id) === undefined],
    ["OPEN_PORTS", need.ports !== undefined],
    ["SPOT_INSTANCE", need.use_spot ?? false]
  ]
  return asks.filter(([, asked]) => asked).map(([feature]) => feature)
}
