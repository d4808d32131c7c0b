/** The list of AWS's offers as the account has them, made anew when it is another one or more is known of the account. */
import type { CloudOffers } from "../../../task/Offers.ts"
import type { Catalog } from "../../catalog/Catalog.ts"
import { ofAccount, type ZoneNames } from "./zones.ts"

export const makeOffered = (
  catalog: () => Catalog | undefined,
  zones: () => ReadonlyMap<string, ZoneNames>,
  regions: () => ReadonlyArray<string>
) => {
  let last: { readonly of: ReadonlyArray<unknown>; readonly made: Catalog } | undefined
  return (): Catalog | undefined => {
    const list = catalog()
    if (list === undefined) return undefined
    const of = [list, zones().size, regions()]
    if (!last?.of.every((one, i) => one === of[i])) last = { of, made: ofAccount(list, zones(), regions()) }
    return last!.made
  }
}

/** For whoever holds on to it: what is known at the moment of each question. Where the list cannot be read there is nothing. */
export const asOffers = (offered: () => Catalog | undefined): CloudOffers => ({
  get regions() {
    return offered()?.regions ?? []
  },
  get typeNames() {
    return offered()?.typeNames ?? []
  },
  get acceleratorNames() {
    return offered()?.acceleratorNames ?? []
  },
  get imageTags() {
    return offered()?.imageTags ?? []
  },
  get imageGib() {
    return offered()?.imageGib ?? 0
  },
  zonesOf: (region) => offered()?.zonesOf(region) ?? [],
  regionOf: (zone) => offered()?.regionOf(zone),
  instanceType: (name) => offered()?.instanceType(name),
  usdPerHour: (goods) => offered()?.usdPerHour(goods),
  places: (goods) => offered()?.places(goods) ?? []
})
