/** Which place is the best for a task, and which are next when it has no room. Pure. */
import type { Offer } from "../../events/values.ts"
import type { Choice } from "../../task/alternatives.ts"
import type { Need } from "../../task/Need.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { type Candidate, candidatesOn, type Fitting } from "./candidates.ts"

export interface Wish {
  readonly needs: Choice<Need>
  readonly numNodes: number
  /** What is to be little: what it costs, or how long it takes. */
  readonly minimize?: "COST" | "TIME"
  /** How long it runs there; an hour where nobody knows. */
  readonly hours?: (offer: Offer) => number
  /** What is left out: all that a pattern's fields are equal to. */
  readonly blocked?: ReadonlyArray<Need>
}

/** Of one cloud, for one of the needs. */
export interface Look extends Fitting {
  readonly cloud: string
  readonly need: Need
}

export interface Plan {
  /** Best first: the order in which they are tried. */
  readonly ranked: ReadonlyArray<Candidate>
  /** What was found on each cloud, whether or not it came to a candidate. */
  readonly looks: ReadonlyArray<Look>
  readonly needs: ReadonlyArray<Need>
}

/** What is to be little, and after it what decides between equals. */
const scoreOf = ({ hours = () => 1, minimize, numNodes }: Wish, { offer }: Candidate): readonly [number, number] => {
  const ran = hours(offer)
  const usd = offer.usdPerHour * ran * numNodes
  return minimize === "TIME" ? [ran, usd] : [usd, ran]
}

/** In the order in which they were found, where nothing decides. */
const byScore = (wish: Wish, candidates: ReadonlyArray<Candidate>) =>
  candidates
    .map((candidate) => [candidate, scoreOf(wish, candidate)] as const)
    .sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1])
    .map(([candidate]) => candidate)

const placeOf = ({ offer: { accelerators, cloud, instanceType, region, useSpot, zone } }: Candidate) =>
  [cloud, region, zone, instanceType, accelerators?.name, accelerators?.count, useSpot].join("|")

/** Two needs may come to one place. */
const once = (candidates: ReadonlyArray<Candidate>) => {
  const seen = new Set<string>()
  return candidates.filter((candidate) => !seen.has(placeOf(candidate)) && seen.add(placeOf(candidate)))
}

/**
 * Of wishes in their order what each cloud would give, as it has it. Whose cloud it is does not matter, once a wish is met: the cheapest,
 * and of what costs the same the cloud that was asked first.
 */
export const acrossClouds = (wishes: ReadonlyArray<ReadonlyArray<ReadonlyArray<Offer>>>): ReadonlyArray<Offer> =>
  wishes.flatMap((clouds) => clouds.flat().sort((a, b) => a.usdPerHour - b.usdPerHour))

/** `catalogs`: of the clouds that may be used, in the order in which the user has them. */
export const optimize = (wish: Wish, catalogs: ReadonlyArray<Catalog>): Plan => {
  const { blocked = [], needs } = wish
  const looks = needs.items.map((need) =>
    catalogs
      .filter(({ cloud }) => need.cloud === undefined || need.cloud === cloud)
      .map((catalog): Look => ({ ...candidatesOn(catalog, need, blocked), cloud: catalog.cloud, need }))
  )
  const candidatesOf = (some: ReadonlyArray<Look>) =>
    byScore(
      wish,
      some.flatMap(({ candidates }) => candidates)
    )
  const ranked = needs.kind === "ordered" ? looks.flatMap(candidatesOf) : candidatesOf(looks.flat())
  return { ranked: once(ranked), looks: looks.flat(), needs: needs.items }
}
