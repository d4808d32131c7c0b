/**
 * The list of offers with the names that the account has for its zones, and with the regions that it has. A list knows zones by number
 * (`use1-az1`), which stand in it as letters; which letter an account has for one is its own.
 */
import type { Goods } from "../../../task/Offers.ts"
import type { Catalog } from "../../catalog/Catalog.ts"
import { zoneByNumber } from "../../catalog/zone-letters.ts"

/** Of a region: its zones by id (`use1-az1`) and by the account's name. */
export type ZoneNames = ReadonlyArray<{ readonly id: string; readonly name: string }>

const swapped = (names: ReadonlyMap<string, string>) => new Map([...names].map(([a, b]) => [b, a]))

/**
 * `known`: of the regions that were asked; those that were not keep their letters. `regions`: those of the account; none where nobody
 * knows.
 */
export const ofAccount = (catalog: Catalog, known: ReadonlyMap<string, ZoneNames>, regions: ReadonlyArray<string>): Catalog => {
  const toOwn = new Map(
    [...known].flatMap(([region, names]) => names.flatMap(({ id, name }) => [[zoneByNumber(region, id) ?? name, name] as const]))
  )
  const toListed = swapped(toOwn)
  const isOurs = (region: string) => regions.length === 0 || regions.includes(region)
  const own = (region: string, zone: string): string | undefined => (known.has(region) ? toOwn.get(zone) : zone)
  const goodsOf = <G extends Goods>(goods: G): G =>
    goods.zone === undefined ? goods : { ...goods, zone: toListed.get(goods.zone) ?? goods.zone }
  const prices: Catalog["prices"] = (goods) =>
    catalog.prices(goodsOf(goods)).flatMap((place) => {
      if (!isOurs(place.region)) return []
      const zones = place.zones.flatMap((zone, i) => {
        const name = own(place.region, zone)
        return name === undefined ? [] : [{ name, usd: place.usdPerHour[i]! }]
      })
      zones.sort((a, b) => (a.name < b.name ? -1 : 1))
      return zones.length === 0
        ? []
        : [{ region: place.region, zones: zones.map(({ name }) => name), usdPerHour: zones.map(({ usd }) => usd) }]
    })
  return {
    ...catalog,
    regions: catalog.regions.filter(isOurs),
    closedRegions: catalog.regions.filter((region) => !isOurs(region)),
    zonesOf: (region) =>
      catalog
        .zonesOf(region)
        .flatMap((zone) => own(region, zone) ?? [])
        .sort(),
    regionOf: (zone) => catalog.regionOf(toListed.get(zone) ?? zone),
    usdPerHour: (goods) => catalog.usdPerHour(goodsOf(goods)),
    prices,
    places: (goods) => prices(goods).map(({ region, zones }) => ({ region, zones }))
  }
}

/** Made anew when the list is another one, or more is known of the account. */
export const makeAccountCatalog = (
  catalog: () => Catalog | undefined,
  zones: () => ReadonlyMap<string, ZoneNames>,
  regions: () => ReadonlyArray<string>
) => {
  let last: { readonly of: ReadonlyArray<unknown>; readonly made: Catalog } | undefined
  return (): Catalog | undefined => {
    const list = catalog()
    if (list === undefined) return undefined
    const of = [list, zones(), zones().size, regions()]
    if (!last?.of.every((one, i) => one === of[i])) last = { of, made: ofAccount(list, zones(), regions()) }
    return last!.made
  }
}
