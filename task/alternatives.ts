/** The requests that stand in one `Resources`: a single one, a set of which the cheapest is meant, or an order of preference. */
import { type Accelerators, parseAccelerators } from "./accelerators.ts"
import { parseInfra } from "./clouds.ts"
import { type Issue, type Need, needIssue, needOf } from "./Need.ts"
import { asInFiles, type Say } from "./Refusal.ts"
import type { Alternative, Resources } from "./Resources.ts"

export interface Choice<A> {
  readonly kind: "one" | "any" | "ordered"
  readonly items: ReadonlyArray<A>
}

const given = (value: unknown) => value !== undefined && value !== null

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

/** Fields over those of a request and of each of its alternatives. */
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

/** With all combinations of what is listed in several places. */
const requestsMax = 64

/** The requests as they are said, each with what it takes over. */
export const split = (resources: Resources): Choice<Alternative> => {
  const { any_of, ordered, ...outer } = resources
  const inner = any_of ?? ordered
  if (inner !== undefined && inner !== null) {
    const items = inner.flatMap((item) => split(overrideResources(outer, item)).items)
    return { kind: items.length === 1 ? "one" : any_of ? "any" : "ordered", items }
  }
  const { accelerators, ...rest } = outer
  const choice = given(accelerators) ? parseAccelerators(accelerators!) : undefined
  if (choice === undefined) return { kind: "one", items: [rest] }
  return { kind: choice.kind, items: choice.items.map(({ name, count }) => ({ ...rest, accelerators: { [name]: count } })) }
}

const firstOf = (resources: Resources, say: Say): Issue | undefined => {
  for (const item of split(resources).items) {
    const issue = needIssue(item, say)
    if (issue !== undefined) return issue
  }
  return undefined
}

/** What is wrong with the whole, and where; each alternative is looked at with what it takes over. */
export const resourcesIssue = (resources: Resources, say: Say = asInFiles): Issue | undefined => {
  const { any_of, ordered, ...outer } = resources
  if (any_of && ordered) return { path: ["ordered"], issue: "any_of and ordered exclude each other: give one of them" }
  const several = given(outer.accelerators) ? parseAccelerators(outer.accelerators!) : undefined
  if (ordered && several && several.items.length > 1)
    return { path: ["accelerators"], issue: "several accelerators and ordered exclude each other: list them in ordered" }
  if (any_of && several?.kind === "ordered")
    return { path: ["accelerators"], issue: "a list of accelerators is an order, any_of is not: list them in any_of" }
  if (split(resources).items.length > requestsMax) return { path: [], issue: `more than ${requestsMax} requests in all: ask for fewer` }
  const inner = any_of ?? ordered
  if (!inner) return firstOf(resources, say)
  for (const [i, item] of inner.entries()) {
    const found = firstOf(overrideResources(outer, item), say)
    if (found !== undefined) return { ...found, path: [any_of ? "any_of" : "ordered", i, ...found.path] }
  }
  return undefined
}

export const alternativesOf = (resources: Resources | null | undefined): Choice<Need> => {
  const { kind, items } = split(resources ?? {})
  return { kind, items: items.map(needOf) }
}

/** Requests in one again: of needs, the one form that equal wishes have in common. */
export const together = <A>({
  items,
  kind
}: Choice<A>): A | { readonly any_of: ReadonlyArray<A> } | { readonly ordered: ReadonlyArray<A> } =>
  kind === "one" ? items[0]! : kind === "any" ? { any_of: items } : { ordered: items }

const demandOf = ({ accelerators }: Alternative): Accelerators | undefined =>
  given(accelerators) ? parseAccelerators(accelerators!)?.items[0] : undefined

/** What a job needs on each of its nodes. */
export const acceleratorsOf = (resources: Resources | null | undefined): Accelerators | undefined =>
  resources ? demandOf(split(resources).items[0] ?? {}) : undefined
