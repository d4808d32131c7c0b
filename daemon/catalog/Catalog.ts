/**
 * The offers of one cloud, from packed columns. Rows of a type, or of an accelerator, are found by an index over typed arrays; there is no
 * object for a row. Behind `task/Offers.ts` for checks, and with all that the optimizer asks. Pure.
 */
import { type Accelerators, acceleratorText } from "../../task/accelerators.ts"
import type { CloudOffers, Goods, InstanceType, RegionOffer } from "../../task/Offers.ts"
import { type CatalogData, type Priced, zonesMax } from "./CatalogData.ts"
import { type Habits, habitsOf } from "./habits.ts"

/** A region with its zones, and what each of them costs. */
export interface PricedRegion extends RegionOffer {
  /** In the order of the zones. */
  readonly usdPerHour: ReadonlyArray<number>
}

export interface Catalog extends CloudOffers {
  readonly cloud: string
  /** The day that its prices are of, as YYYY-MM-DD. */
  readonly date: string
  readonly habits: Habits
  readonly types: ReadonlyArray<InstanceType>
  /** Kinds of accelerators that are put into machines and priced apart; none where machines come with theirs. */
  readonly attachable: ReadonlyArray<Accelerators>
  /** Of one device; null for what is no GPU. */
  readonly deviceGib: (accelerator: string) => number | null
  /** Where the goods can be had, in the order in which regions are tried. */
  readonly prices: (goods: Goods) => ReadonlyArray<PricedRegion>
}

const none = Number.POSITIVE_INFINITY

interface Rows {
  /** Where the rows of a key begin in `order`; those of the next key end them. */
  readonly start: Uint32Array
  readonly order: Uint32Array
  readonly region: Uint8Array | Uint16Array
  readonly zones: Uint32Array
  readonly usd: Float64Array
  readonly spot: Float64Array
}

/** Plain loops: this is run once, before anything of it is compiled, and iterators take three times as long. */
const pricesIn = (column: ReadonlyArray<number | null>): Float64Array => {
  const prices = new Float64Array(column.length)
  for (let row = 0; row < column.length; row++) prices[row] = column[row] ?? none
  return prices
}

const rowsBy = (keys: ReadonlyArray<number>, count: number, { region, spot, usd, zones }: Priced): Rows => {
  const start = new Uint32Array(count + 1)
  for (let row = 0; row < keys.length; row++) start[keys[row]! + 1]!++
  for (let key = 0; key < count; key++) start[key + 1]! += start[key]!
  const next = start.slice()
  const order = new Uint32Array(keys.length)
  for (let row = 0; row < keys.length; row++) order[next[keys[row]!]!++] = row
  return { start, order, region: new Uint16Array(region), zones: new Uint32Array(zones), usd: pricesIn(usd), spot: pricesIn(spot) }
}

/** What each zone of each region costs, in millionths; what is not there costs more than anything. */
type Grid = Float64Array

export const catalogOf = (data: CatalogData): Catalog => {
  const { attached, machines, regions, types, zones } = data
  const habits = habitsOf(data.cloud)
  const typeIndex = new Map(types.name.map((name, i) => [name, i]))
  const zoneHome = new Map(zones.flatMap((names, region) => names.map((zone) => [zone, region] as const)))
  const regionIndex = new Map(regions.map((region, i) => [region, i]))
  const kinds = new Map<string, number>()
  const attachable: Array<Accelerators> = []
  const kindKeys = attached.accelerator.map((accelerator, row) => {
    const kind = { name: data.accelerators[accelerator]!, count: attached.count[row]! }
    const known = kinds.get(acceleratorText(kind))
    if (known === undefined) kinds.set(acceleratorText(kind), attachable.push(kind) - 1)
    return known ?? attachable.length - 1
  })
  const machineRows = rowsBy(machines.type, types.name.length, machines)
  const attachedRows = rowsBy(kindKeys, attachable.length, attached)

  /** The rows of a key that are there where they are wanted, each with the zones that are. */
  const visit = (
    rows: Rows,
    key: number | undefined,
    { region, useSpot, zone }: Goods,
    take: (region: number, zones: number, price: number) => void
  ): void => {
    if (key === undefined) return
    const isAnywhere = region === undefined && zone === undefined
    const home = zone === undefined ? regionIndex.get(region ?? "") : zoneHome.get(zone)
    if (!isAnywhere && (home === undefined || (region !== undefined && regions[home] !== region))) return
    const wanted = zone === undefined ? -1 : 1 << zones[home!]!.indexOf(zone)
    const prices = useSpot ? rows.spot : rows.usd
    for (let i = rows.start[key]!; i < rows.start[key + 1]!; i++) {
      const row = rows.order[i]!
      const open = rows.zones[row]! & wanted
      if (open !== 0 && prices[row]! < none && (isAnywhere || rows.region[row] === home)) take(rows.region[row]!, open, prices[row]!)
    }
  }

  const gridOf = (rows: Rows, key: number | undefined, goods: Goods): Grid => {
    const grid = new Float64Array(regions.length * zonesMax).fill(none)
    visit(rows, key, goods, (region, open, price) => {
      for (let bit = 0; open >>> bit !== 0; bit++)
        if ((open >>> bit) & 1) grid[region * zonesMax + bit] = Math.min(grid[region * zonesMax + bit]!, price)
    })
    return grid
  }
  const leastOf = (rows: Rows, key: number | undefined, goods: Goods): number => {
    let least = none
    visit(rows, key, goods, (_, __, price) => {
      least = Math.min(least, price)
    })
    return least
  }

  /** A machine that is part of its accelerator has no rows, and costs nothing of its own. */
  const isPart = (type: number | undefined) => type !== undefined && types.vcpus[type] === null
  const extraOf = ({ accelerators }: Goods) =>
    habits.pricedApart && accelerators !== undefined ? acceleratorText(accelerators) : undefined

  const usdPerHour = (goods: Goods): number | undefined => {
    const [type, kind] = [typeIndex.get(goods.instanceType ?? ""), extraOf(goods)]
    const own = isPart(type) ? 0 : leastOf(machineRows, type, goods)
    const sum = own + (kind === undefined ? 0 : leastOf(attachedRows, kinds.get(kind), goods))
    return sum === none ? undefined : sum / 1e6
  }

  const prices = (goods: Goods): ReadonlyArray<PricedRegion> => {
    const [type, kind] = [typeIndex.get(goods.instanceType ?? ""), extraOf(goods)]
    const machine = isPart(type) ? undefined : gridOf(machineRows, type, goods)
    const extra = kind === undefined ? undefined : gridOf(attachedRows, kinds.get(kind), goods)
    // The accelerator is the larger part: where it is cheap comes first.
    const [leading, other] = extra === undefined ? [machine, undefined] : [extra, machine]
    if (leading === undefined) return []
    const found = regions.flatMap((region, at) => {
      const names = zones[at]!
      const open = names.flatMap((_, bit) => (leading[at * zonesMax + bit]! + (other?.[at * zonesMax + bit] ?? 0) < none ? [bit] : []))
      if (open.length === 0) return []
      const usd = open.map((bit) => (leading[at * zonesMax + bit]! + (other?.[at * zonesMax + bit] ?? 0)) / 1e6)
      const first = Math.min(...open.map((bit) => leading[at * zonesMax + bit]!))
      return [{ region, zones: open.map((bit) => names[bit]!), usdPerHour: usd, first }]
    })
    found.sort((a, b) => habits.regionRank(a.region) - habits.regionRank(b.region) || a.first - b.first || (a.region < b.region ? -1 : 1))
    return found.map(({ first: _, ...place }) => place)
  }

  const all: ReadonlyArray<InstanceType> = types.name.map((name, i) => {
    const accelerator = types.accelerator[i] ?? null
    return {
      name,
      vcpus: types.vcpus[i]!,
      memoryGib: types.memoryGib[i]!,
      accelerators: accelerator === null ? null : { name: data.accelerators[accelerator]!, count: types.count[i]! }
    }
  })

  return {
    cloud: data.cloud,
    date: data.date,
    habits,
    regions,
    zonesOf: (region) => zones[regionIndex.get(region) ?? -1] ?? [],
    regionOf: (zone) => regions[zoneHome.get(zone) ?? -1],
    types: all,
    typeNames: types.name,
    instanceType: (name) => all[typeIndex.get(name) ?? -1],
    attachable,
    deviceGib: (accelerator) => {
      const mib = data.deviceMib[data.accelerators.indexOf(accelerator)] ?? null
      return mib === null ? null : mib / 1024
    },
    acceleratorNames: data.accelerators,
    imageTags: [...new Set([...data.imageTags, ...habits.formerImageTags])].sort(),
    imageGib: habits.imageGib,
    diskGib: habits.diskGib,
    keepsDisks: habits.keepsDisks,
    labelProblem: habits.labelProblem,
    usdPerHour,
    prices,
    places: (goods) => prices(goods).map(({ region, zones }) => ({ region, zones }))
  }
}
