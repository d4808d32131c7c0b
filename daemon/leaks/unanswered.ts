/**
 * What a cloud was asked for and never answered, and what a purge gave up on, where nobody can look for it now: the credentials are others'
 * than those that it was asked with, or there are none. It may run and cost there, and to these it is not there.
 */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import type { Offer } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { Clusters } from "../../projections/clusters.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { placeText } from "../../task/place.ts"
import { plural } from "../../task/plural.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import type { Clouds } from "../clouds/Clouds.ts"
import { refuseOther } from "../commands/owner.ts"
import type { World } from "../World.ts"
import { whoseNow } from "./whose.ts"

const toldMax = 5

interface Elsewhere extends Pick<ClusterRow, "id" | "name" | "owner"> {
  readonly offer: Pick<Offer, "cloud" | "region" | "zone">
  readonly nodes: number
  /** It was there: its cloud had answered. */
  readonly wasGiven: boolean
}

const allOf = ({ abandoned, unanswered }: Clusters): ReadonlyArray<Elsewhere> => [
  ...[...HashMap.values(unanswered)].flatMap(({ offer, ...one }) => (offer === null ? [] : [{ ...one, offer, wasGiven: false }])),
  ...[...HashMap.values(abandoned)].map(({ cloud, cluster, clusterName, owner, region, zone }) => ({
    id: cluster,
    name: clusterName,
    owner,
    offer: { cloud, region, zone },
    nodes: 1,
    wasGiven: true
  }))
]

/** `there`: its cloud, by whose own command line one looks. */
const text = ({ id, name, offer, owner, wasGiven }: Elsewhere, nodes: number, isOther: boolean, there: Cloud | undefined): string => {
  const cloud = cloudDisplay(offer.cloud)
  const look = there?.lookByHand?.(id, offer.region)
  const [what, they, are] = [plural(nodes, "node"), nodes === 1 ? "it" : "they", nodes === 1 ? "is" : "are"]
  const where = `in ${placeText(offer)}, in the account of ${(owner ?? []).join(", ")}`
  const whose = isOther ? "whose credentials these are not" : "and whose the credentials are now cannot be told"
  const then = `With its credentials ${they} ${are} looked for and ended by skyd${look === undefined ? "" : `; to look yourself: ${look}`}`
  const which = wasGiven ? `of ${name} that a purge gave up on` : `that ${cloud} was asked for as ${name} and never answered for`
  return `${what} ${which} may run and cost ${where}, ${whose}. ${then}`
}

/** A sentence or two each, without the last full stop. `waitMs`: nobody waits longer for a cloud to say whose the credentials are. */
export const unansweredElsewhere = Effect.fn("unansweredElsewhere")(function* (
  clouds: Clouds["Service"],
  { clusters }: World,
  waitMs: number
) {
  const all = allOf(clusters).filter(({ owner }) => owner !== null)
  if (all.length === 0) return []
  const who = yield* whoseNow(
    clouds,
    all.map(({ offer }) => offer.cloud),
    waitMs
  )
  const apart = all.filter((one) => {
    const names = who.get(one.offer.cloud) ?? null
    return names === null || refuseOther({ ...one, offer: null }, names) !== undefined
  })
  const told = [...Map.groupBy(apart, ({ id, offer, wasGiven }) => `${id} ${wasGiven} ${placeText(offer)}`).values()].map((those) =>
    text(
      those[0]!,
      those.reduce((sum, { nodes }) => sum + nodes, 0),
      (who.get(those[0]!.offer.cloud) ?? null) !== null,
      clouds.get(those[0]!.offer.cloud)
    )
  )
  return told.length > toldMax ? [...told.slice(0, toldMax), `and so it is ${told.length - toldMax} times more`] : told
})
