/** The places where a need can be met on one cloud, each with its price. Pure. */
import type { Offer } from "../../events/values.ts"
import type { Accelerators } from "../../task/accelerators.ts"
import { shouldBeBlockedBy } from "../../task/fit.ts"
import { anyRegion } from "../../task/images.ts"
import type { Need } from "../../task/Need.ts"
import type { InstanceType } from "../../task/Offers.ts"
import { needOfPlace } from "../../task/placed.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { machinesFor } from "./instance-types.ts"

export interface Candidate {
  /** Without a zone where the region is asked as a whole. */
  readonly offer: Offer
  /** Where it is tried, in this order. */
  readonly zones: ReadonlyArray<string>
}

export interface Fitting {
  readonly candidates: ReadonlyArray<Candidate>
  /** Of all types that would do, cheapest first; only the first is a candidate. */
  readonly types: ReadonlyArray<string>
  readonly near: ReadonlyArray<string>
  readonly mismatch?: string
  readonly lacks?: string
}

export const isBlocked = (offer: Offer, blocked: ReadonlyArray<Need>) =>
  blocked.some((pattern) => shouldBeBlockedBy(needOfPlace(offer), pattern))

/** Images by region say where there is one. */
const hasImage = ({ image_id: images }: Need, region: string) =>
  images === undefined || images[anyRegion] !== undefined || images[region] !== undefined

const candidatesOf = (
  catalog: Catalog,
  need: Need,
  type: InstanceType,
  accelerators: Accelerators | undefined
): ReadonlyArray<Candidate> => {
  const { byZone, sized } = catalog.habits
  const useSpot = need.use_spot ?? false
  const { memoryGib, name, vcpus } = sized(type, accelerators)
  const one = {
    cloud: catalog.cloud,
    instanceType: name,
    cpus: vcpus ?? 0,
    memoryGib: memoryGib ?? 0,
    accelerators: accelerators ?? null,
    useSpot,
    catalog: catalog.date
  }
  const goods = { instanceType: name, accelerators, useSpot, region: need.region, zone: need.zone }
  return catalog
    .prices(goods)
    .filter(({ region }) => hasImage(need, region))
    .flatMap(({ region, usdPerHour, zones }): ReadonlyArray<Candidate> => {
      const isWhole = !byZone && !useSpot && need.zone === undefined
      if (isWhole) return [{ offer: { ...one, region, zone: null, usdPerHour: Math.min(...usdPerHour) }, zones }]
      return zones.map((zone, i) => ({ offer: { ...one, region, zone, usdPerHour: usdPerHour[i]! }, zones: [zone] }))
    })
}

export const candidatesOn = (catalog: Catalog, need: Need, blocked: ReadonlyArray<Need>): Fitting => {
  const { accelerators, types, ...rest } = machinesFor(catalog, need)
  const [type] = types
  const candidates = type === undefined ? [] : candidatesOf(catalog, need, type, accelerators)
  const open = candidates.flatMap(({ offer, zones }) => {
    const left = isBlocked(offer, blocked) ? [] : zones.filter((zone) => !isBlocked({ ...offer, zone }, blocked))
    return left.length === 0 ? [] : [{ offer, zones: left }]
  })
  return { ...rest, candidates: open, types: types.map(({ name }) => name) }
}
