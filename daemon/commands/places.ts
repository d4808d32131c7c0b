/** Where a new cluster goes: the best place that has all that the wish needs. Pure. */
import * as Result from "effect/Result"
import type { Offer } from "../../events/values.ts"
import { NotSupportedError, ResourcesUnavailableError, type SkydError } from "../../sdk/protocol/errors.ts"
import type { Offered } from "../clouds/Cloud.ts"
import { inner, sentence } from "../sentence.ts"

/** What the clouds offer for a task, best first; the reason when nothing fits. */
export type Places = Offered

/** Whether a wish was refused for want of any place. */
export const isNowhere = ({ message }: SkydError, places: Places): boolean =>
  places.offers.length === 0 && message === nowhere(places).message

const nowhere = ({ hint, lacks, reason }: Places) =>
  lacks
    ? new NotSupportedError({
        message: sentence(`No enabled cloud can do what the task asks: ${reason}`),
        hint: "Leave it out, or enable a cloud that has it: sky check"
      })
    : new ResourcesUnavailableError({
        message: sentence(`No place fits the task: ${reason ?? "no cloud is enabled"}`),
        hint: hint ?? "Ask for less, or enable a cloud that has it: sky check",
        failoverHistory: [],
        noFailover: false
      })

/** Each place was passed over before it was asked. Where there is one cloud only, its own refusal says it best (contract, D11). */
const passedOver = (refusals: ReadonlyMap<string, SkydError>): SkydError => {
  const [first, ...others] = refusals.values()
  return first !== undefined && others.length === 0
    ? first
    : new ResourcesUnavailableError({
        message: `No place has what is asked for: ${[...refusals.values()].map(({ message }) => inner(message)).join("; ")}.`,
        hint: first?.hint ?? null,
        failoverHistory: [...refusals.values()].map(({ _tag, message }) => ({ tag: _tag, message })),
        noFailover: false
      })
}

/** `refusalOf`: why a place cannot be taken, before it is asked. */
export const choosePlace = (places: Places, refusalOf: (offer: Offer) => SkydError | undefined): Result.Result<Offer, SkydError> => {
  const refusals = new Map<string, SkydError>()
  for (const offer of places.offers) {
    const refusal = refusalOf(offer)
    if (refusal === undefined) return Result.succeed(offer)
    if (!refusals.has(offer.cloud)) refusals.set(offer.cloud, refusal)
  }
  return Result.fail(refusals.size === 0 ? nowhere(places) : passedOver(refusals))
}
