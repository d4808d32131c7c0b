/** Which accelerators there are, what they come with, and what they cost where they are cheapest. Pure. */
import { type Accelerators, isTpu } from "../../task/accelerators.ts"
import type { Catalog, PricedRegion } from "../catalog/Catalog.ts"
import { machinesFor } from "./instance-types.ts"

export interface GpuRow {
  readonly cloud: string
  readonly accelerator: string
  readonly count: number
  /** Null for a TPU, which is its machine, and where it may be put into any. */
  readonly instanceType: string | null
  readonly cpus: number | null
  readonly memoryGib: number | null
  /** Of one device. */
  readonly deviceGib: number | null
  readonly usdPerHour: number | null
  readonly spotUsdPerHour: number | null
  readonly region: string
  /** The day of the prices. */
  readonly catalog: string
}

interface GpuFilter {
  readonly isNamed: (accelerator: string) => boolean
  readonly count: number | null
  readonly isRegion: (region: string) => boolean
  /** A row for each region, in place of the cheapest. */
  readonly allRegions: boolean
}

const least = ({ usdPerHour }: PricedRegion) => Math.min(...usdPerHour)
const inOrder = (price: number | null) => price ?? Number.POSITIVE_INFINITY

interface Shape extends Pick<GpuRow, "instanceType" | "cpus" | "memoryGib"> {
  readonly accelerators: Accelerators
  /** What is priced. */
  readonly goods: { readonly instanceType: string; readonly accelerators?: Accelerators }
}

const rowsOf = (
  catalog: Catalog,
  { accelerators, goods, ...machine }: Shape,
  { allRegions, isRegion }: GpuFilter
): ReadonlyArray<GpuRow> => {
  const [usd, spot] = [false, true].map(
    (useSpot) => new Map(catalog.prices({ ...goods, useSpot }).map((place) => [place.region, least(place)] as const))
  )
  const regions = [...new Set([...usd!.keys(), ...spot!.keys()])].filter(isRegion)
  const rows = regions.map(
    (region): GpuRow => ({
      cloud: catalog.cloud,
      accelerator: accelerators.name,
      count: accelerators.count,
      ...machine,
      deviceGib: catalog.deviceGib(accelerators.name),
      usdPerHour: usd!.get(region) ?? null,
      spotUsdPerHour: spot!.get(region) ?? null,
      region,
      catalog: catalog.date
    })
  )
  rows.sort(
    (a, b) =>
      inOrder(a.usdPerHour) - inOrder(b.usdPerHour) ||
      inOrder(a.spotUsdPerHour) - inOrder(b.spotUsdPerHour) ||
      (a.region < b.region ? -1 : 1)
  )
  return allRegions ? rows : rows.slice(0, 1)
}

const shapesOf = (catalog: Catalog, isAsked: (kind: Accelerators) => boolean): ReadonlyArray<Shape> => {
  const own = catalog.types.flatMap(
    ({ accelerators, memoryGib, name, vcpus }): ReadonlyArray<Shape> =>
      accelerators !== null && isAsked(accelerators)
        ? [{ accelerators, instanceType: name, cpus: vcpus, memoryGib, goods: { instanceType: name } }]
        : []
  )
  const put = catalog.attachable.filter(isAsked).flatMap((accelerators): ReadonlyArray<Shape> => {
    const [host] = machinesFor(catalog, { accelerators: { [accelerators.name]: accelerators.count } }).types
    if (host === undefined) return []
    const machine = isTpu(accelerators.name)
      ? { instanceType: null, cpus: null, memoryGib: null }
      : { instanceType: host.name, cpus: host.vcpus, memoryGib: host.memoryGib }
    return [{ accelerators, ...machine, goods: { instanceType: host.name, accelerators } }]
  })
  return [...own, ...put]
}

/** By their number and their machine. */
export const gpusOn = (catalog: Catalog, filter: GpuFilter): ReadonlyArray<GpuRow> =>
  shapesOf(catalog, ({ count, name }) => filter.isNamed(name) && (filter.count === null || filter.count === count))
    .flatMap((shape) => rowsOf(catalog, shape, filter))
    .sort(
      (a, b) =>
        a.count - b.count ||
        ((a.instanceType ?? "") < (b.instanceType ?? "") ? -1 : (a.instanceType ?? "") > (b.instanceType ?? "") ? 1 : 0)
    )

const tricksMax = 3

/** What the text says literally, but for `^ $ . * + ? [ ]`; undefined where it takes too long to try. */
export const matcher = (text: string): ((name: string) => boolean) | undefined => {
  if (text.length > 64 || (text.match(/[*+?]/g) ?? []).length > tricksMax) return undefined
  try {
    const pattern = new RegExp(text.replaceAll(/[(){}|\\]/g, "\\$&"), "i")
    return (name) => pattern.test(name)
  } catch {
    return undefined
  }
}
