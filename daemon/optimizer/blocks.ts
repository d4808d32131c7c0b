/**
 * Where it goes on when a place gives nothing: the order stays, and what a refusal reaches is left out. Capacity and quota are those of one kind of
 * machine, on demand or spot, unless the refusal is of the place as such. Pure.
 */
import type { Offer } from "../../events/values.ts"
import type { Refusal } from "../../projections/ClusterRow.ts"
import { isSameKind } from "../../projections/refusals.ts"
import type { Candidate } from "./candidates.ts"

/** A place is one zone, where a cloud has them: who asks for a region as a whole asks its zones one after another. */
export const placesOf = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<Offer> =>
  candidates.flatMap(({ offer, zones }) =>
    offer.zone !== null || zones.length === 0 ? [offer] : zones.map((zone) => ({ ...offer, zone }))
  )

const reaches = ({ anyKind, offer, scope }: Refusal, place: Offer): boolean => {
  if (scope === "everywhere") return true
  if (offer.cloud !== place.cloud || !(anyKind || isSameKind(offer, place))) return false
  if (scope === "cloud") return true
  if (offer.region !== place.region) return false
  return scope === "region" || offer.zone === null || offer.zone === place.zone
}

/** Refusals of one round: more are not held in memory. */
const refusalsMax = 1000

/** Those that no refusal reaches, in their order; the first is the next. */
export const openPlaces = (places: ReadonlyArray<Offer>, refusals: ReadonlyArray<Refusal>): ReadonlyArray<Offer> =>
  refusals.length >= refusalsMax ? [] : places.filter((place) => !refusals.some((refusal) => reaches(refusal, place)))
