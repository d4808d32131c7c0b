/** Fields over those of a request and of each of its alternatives. Pure. */
import { parseInfra } from "./infra.ts"
import type { Alternative, Resources } from "./Resources.ts"

const places = ["cloud", "region", "zone"] as const

const withoutFields = <T extends object>(from: T, fields: ReadonlyArray<string>): T =>
  Object.fromEntries(Object.entries(from).filter(([field]) => !fields.includes(field))) as T

const hasPlace = (fields: Alternative) => places.some((field) => Object.hasOwn(fields, field))

/** `infra` and the three of it are two ways to say where: the new way drops the old one, or spells it out. */
const cleared = <T extends Alternative>(from: T, over: Alternative): T => {
  const others = withoutFields(from, Object.keys(over))
  if (Object.hasOwn(over, "infra")) return withoutFields(others, places)
  if (!hasPlace(over) || typeof others.infra !== "string") return others
  return withoutFields({ ...parseInfra(others.infra), ...withoutFields(others, ["infra"]) } as T, Object.keys(over))
}

export const overrideResources = (resources: Resources | null | undefined, over: Resources): Resources => {
  const { any_of, ordered, ...rest } = resources ?? {}
  const each = (items: ReadonlyArray<Alternative>) => items.map((item) => cleared(item, over as Alternative))
  return {
    ...cleared(rest as Alternative, over as Alternative),
    ...(any_of ? { any_of: each(any_of) } : {}),
    ...(ordered ? { ordered: each(ordered) } : {}),
    ...over
  }
}
