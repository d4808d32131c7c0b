/** Offers from packed columns, behind the port `task/Offers.ts`. Rows of a type are found by an index that is made on first use. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { brotliDecompressSync } from "node:zlib"
import type { Accelerators } from "../../task/accelerators.ts"
import type { CloudOffers, Goods, Offers, RegionOffer } from "../../task/Offers.ts"
import type { CatalogData, Priced } from "./CatalogData.ts"

/** What clouds take their default images to need, in GiB. */
const imageGib: Readonly<Record<string, number>> = { aws: 45, gcp: 50 }

const rowsBy = (column: ReadonlyArray<number>): ReadonlyMap<number, ReadonlyArray<number>> => {
  const rows = new Map<number, Array<number>>()
  for (const [row, key] of column.entries()) {
    const known = rows.get(key)
    if (known === undefined) rows.set(key, [row])
    else known.push(row)
  }
  return rows
}

interface Row {
  readonly region: number
  readonly zones: number
  readonly millionths: number
}

export const offersOf = (data: CatalogData): CloudOffers => {
  const { attached, machines, regions, types, zones } = data
  const typeIndex = new Map(types.name.map((name, i) => [name, i]))
  const zoneHome = new Map(zones.flatMap((names, region) => names.map((zone) => [zone, region] as const)))
  const machineRows = rowsBy(machines.type)
  const isPricedApart = attached.region.length > 0

  /** Those that can be had at all, there where they are wanted. */
  const wanted = (priced: Priced, rows: ReadonlyArray<number>, { region, useSpot, zone }: Goods): ReadonlyArray<Row> => {
    const home = zone === undefined ? undefined : zoneHome.get(zone)
    const bits = zone === undefined ? -1 : home === undefined ? 0 : 1 << zones[home]!.indexOf(zone)
    return rows.flatMap((row) => {
      const at = priced.region[row]!
      const millionths = useSpot ? priced.spot[row]! : priced.usd[row]!
      const isThere = (region === undefined || regions[at] === region) && (home === undefined || at === home)
      const open = priced.zones[row]! & bits
      return isThere && open !== 0 && millionths !== null ? [{ region: at, zones: open, millionths }] : []
    })
  }

  const machineOf = (goods: Goods): ReadonlyArray<Row> | "of the accelerator" => {
    const type = typeIndex.get(goods.instanceType ?? "")
    if (type === undefined) return []
    return types.vcpus[type] === null ? "of the accelerator" : wanted(machines, machineRows.get(type) ?? [], goods)
  }

  const attachedOf = (accelerators: Accelerators, goods: Goods) => {
    const rows = attached.accelerator.flatMap((accelerator, row) =>
      data.accelerators[accelerator] === accelerators.name && attached.count[row] === accelerators.count ? [row] : []
    )
    return wanted(attached, rows, goods)
  }

  const cheapest = (rows: ReadonlyArray<Row>) => (rows.length === 0 ? undefined : Math.min(...rows.map((row) => row.millionths)))

  const usdPerHour = (goods: Goods): number | undefined => {
    const machine = machineOf(goods)
    const own = machine === "of the accelerator" ? 0 : cheapest(machine)
    const extra = isPricedApart && goods.accelerators !== undefined ? cheapest(attachedOf(goods.accelerators, goods)) : 0
    return own === undefined || extra === undefined ? undefined : (own + extra) / 1e6
  }

  /** Where both are, at the accelerator's price: it is the larger part. */
  const together = (goods: Goods): ReadonlyArray<Row> => {
    const machine = machineOf(goods)
    if (!isPricedApart || goods.accelerators === undefined) return machine === "of the accelerator" ? [] : machine
    const extra = attachedOf(goods.accelerators, goods)
    if (machine === "of the accelerator") return extra
    return extra.flatMap((row) =>
      machine.filter(({ region }) => region === row.region).map((host) => ({ ...row, zones: row.zones & host.zones }))
    )
  }

  const places = (goods: Goods): ReadonlyArray<RegionOffer> => {
    const rows = [...together(goods)].sort((a, b) => a.millionths - b.millionths || (regions[a.region]! < regions[b.region]! ? -1 : 1))
    const order = new Map<number, number>()
    for (const row of rows) order.set(row.region, (order.get(row.region) ?? 0) | row.zones)
    const found = [...order].map(([region, bits]) => ({
      region: regions[region]!,
      zones: zones[region]!.filter((_, i) => (bits & (1 << i)) !== 0)
    }))
    const some = found.filter((place) => place.zones.length > 0)
    if (data.cloud !== "aws") return some
    const isHome = ({ region }: RegionOffer) => region.startsWith("us-")
    return [...some.filter(isHome), ...some.filter((place) => !isHome(place))]
  }

  return {
    regions,
    zonesOf: (region) => zones[regions.indexOf(region)] ?? [],
    regionOf: (zone) => regions[zoneHome.get(zone) ?? -1],
    instanceType: (name) => {
      const i = typeIndex.get(name)
      if (i === undefined) return undefined
      const accelerator = types.accelerator[i] ?? null
      return {
        name,
        vcpus: types.vcpus[i]!,
        memoryGib: types.memoryGib[i]!,
        accelerators: accelerator === null ? null : { name: data.accelerators[accelerator]!, count: types.count[i]! }
      }
    },
    acceleratorNames: data.accelerators,
    imageTags: data.imageTags,
    imageGib: imageGib[data.cloud] ?? 0,
    usdPerHour,
    places
  }
}

export const readCatalog = (file: string): CatalogData =>
  JSON.parse(brotliDecompressSync(readFileSync(file)).toString("utf8")) as CatalogData

const packed: ReadonlyArray<string> = ["aws", "gcp"]

/** Each cloud's file is read when it is first asked for. */
export const catalogIn = (folder: string): Offers => {
  const read = new Map<string, CloudOffers>()
  return (cloud) => {
    if (!packed.includes(cloud)) return undefined
    const known = read.get(cloud) ?? offersOf(readCatalog(join(folder, `${cloud}.json.br`)))
    read.set(cloud, known)
    return known
  }
}
