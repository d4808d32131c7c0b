/**
 * Where it goes on when a place gives nothing: the order stays, and what a refusal reaches is left out. Capacity and quota are those of one
 * kind of machine, on demand or spot, unless the refusal is of the place as such. Pure.
 */
import type { Offer } from "../../events/values.ts"
import type { Refusal } from "../../projections/ClusterRow.ts"
import type { Candidate } from "./candidates.ts"

/** A place is one zone, where a cloud has them: who asks for a region as a whole asks its zones one after another. */
export const placesOf = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<Offer> =>
  candidates.flatMap(({ offer, zones }) =>
    offer.zone !== null || zones.length === 0 ? [offer] : zones.map((zone) => ({ ...offer, zone }))
  )

const kindOf = ({ accelerators, instanceType, useSpot }: Offer) => [instanceType, useSpot, accelerators?.name, accelerators?.count]
const keyOf = (...words: ReadonlyArray<unknown>) => JSON.stringify(words)

/** Alike for those that one refusal of a region reaches. */
export const regionAndKind = (place: Offer): string => keyOf(kindOf(place), place.cloud, place.region)

/** What it reaches: all of a kind, or of any, that are named so. */
const reachOf = ({ anyKind, offer, scope }: Refusal): string => {
  const { cloud, region, zone } = offer
  const kind = anyKind ? [] : kindOf(offer)
  if (scope === "everywhere") return keyOf()
  if (scope === "cloud") return keyOf(kind, cloud)
  return scope === "region" || zone === null ? keyOf(kind, cloud, region) : keyOf(kind, cloud, region, zone)
}

const namesOf = (place: Offer): ReadonlyArray<string> => {
  const { cloud, region, zone } = place
  return [
    keyOf(),
    ...[[], kindOf(place)].flatMap((kind) => [keyOf(kind, cloud), keyOf(kind, cloud, region), keyOf(kind, cloud, region, zone)])
  ]
}

/** Those that no refusal reaches, in their order; the first is the next. */
export const openPlaces = (places: ReadonlyArray<Offer>, refusals: ReadonlyArray<Refusal>): ReadonlyArray<Offer> => {
  const reached = new Set(refusals.map(reachOf))
  return places.filter((place) => !namesOf(place).some((name) => reached.has(name)))
}
