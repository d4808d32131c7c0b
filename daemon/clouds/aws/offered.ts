/** The list of AWS's offers as the account has them, made anew when it is another one or more is known of the account. */
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
