/** A plan as it is told: the best of each kind, and where it goes on. Pure. */
import type { Offer } from "../../events/values.ts"
import type { Plan as PlanView } from "../../sdk/protocol/launch.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { wantText } from "./need-text.ts"
import type { Look } from "./optimize.ts"

/** Places that are told one by one. */
const nextMax = 500
/** Types that a note names. */
const typesMax = 4

const kindOf = ({ accelerators, cloud, useSpot }: Offer) => [cloud, accelerators?.name, accelerators?.count, useSpot].join("|")

/** Where several types would do, the cheapest is taken, and nobody would know of the others. */
const othersIn = ({ cloud, need, types }: Look, isAlone: boolean): ReadonlyArray<string> => {
  const [first, ...others] = types
  if (first === undefined || others.length === 0) return []
  const more = others.length > typesMax ? ` and ${others.length - typesMax} more` : ""
  return [
    `${cloudDisplay(cloud)} has dearer machines${isAlone ? "" : ` with ${wantText(need)}`} too: ${others.slice(0, typesMax).join(", ")}${more} (-t TYPE).`
  ]
}

interface Told {
  readonly numNodes: number
  readonly newCluster: boolean
  readonly enabled: boolean
  readonly looks?: ReadonlyArray<Look>
  /** As they are asked, one by one, where that is more than the offers say. */
  readonly places?: ReadonlyArray<Offer>
  /** Why it is nowhere else, a sentence each. */
  readonly why?: ReadonlyArray<string>
}

/** `offers`: best first, at least one. */
export const planView = (
  offers: ReadonlyArray<Offer>,
  { enabled, looks = [], newCluster, numNodes, places = offers, why = [] }: Told
): PlanView => {
  const [offer] = offers
  const others = places.slice(1)
  const isAlone = looks.every(({ need }) => need === looks[0]?.need)
  return {
    offer: offer!,
    numNodes,
    newCluster,
    enabled,
    considered: [...Map.groupBy(offers, kindOf).values()].map(([first]) => first!),
    next: others.slice(0, nextMax),
    more: Math.max(0, others.length - nextMax),
    mostUsdPerHour: others.reduce((most, { usdPerHour }) => Math.max(most, usdPerHour), offer!.usdPerHour),
    notes: [...why, ...new Set(looks.flatMap((look) => othersIn(look, isAlone)))]
  }
}
