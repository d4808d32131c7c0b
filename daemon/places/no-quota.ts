/**
 * Of which places it is known that the account can have nothing there. Nobody waits long for what only saves a refusal, and an error means
 * that it may.
 */
import * as Effect from "effect/Effect"
import type { Offer } from "../../events/values.ts"
import type { Refusal } from "../../projections/ClusterRow.ts"
import { cut } from "../../task/sentence.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import type { Offered } from "../clouds/Offered.ts"
import { openPlaces, regionAndKind } from "../optimizer/blocks.ts"

const waitMaxMs = 5_000
const atOnce = 8

/** Why a place need not be asked, as the refusal that it would come to; null: it may give. */
export const noQuotaAt = (cloud: Cloud | undefined, offer: Offer) =>
  cloud?.noQuota === undefined
    ? Effect.succeed(null)
    : Effect.timeoutOrElse(cloud.noQuota(offer), { duration: waitMaxMs, orElse: () => Effect.succeed(null) }).pipe(
        Effect.catchCause(() => Effect.succeed(null)),
        Effect.map((why) => (why === null ? null : { ...why, code: "NoQuota", want: "quota" as const, message: cut(why.message) }))
      )

/** For a plan: without the places that a launch passes over for that. Where the first is not among them, nobody asks about the others. */
export const withQuota = Effect.fn("withQuota")(function* (clouds: ReadonlyMap<string, Cloud>, places: Offered) {
  const at = (offer: Offer) =>
    Effect.map(
      noQuotaAt(clouds.get(offer.cloud), offer),
      (why): ReadonlyArray<Refusal> => (why === null ? [] : [{ anyKind: false, ...why, offer, owner: null }])
    )
  const [first] = places.offers
  if (first === undefined || (yield* at(first)).length === 0) return places
  const each = [...Map.groupBy(places.offers, regionAndKind).values()].map(([one]) => one!)
  const noQuota = (yield* Effect.forEach(each, at, { concurrency: atOnce })).flat()
  return { ...places, offers: openPlaces(places.offers, noQuota), noQuota }
})
