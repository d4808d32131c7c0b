/** Where a new cluster goes: the best place that has all that the wish needs. Pure. */
import * as Result from "effect/Result"
import type { ClusterId } from "../../events/ids.ts"
import type { PlacePassedOver } from "../../events/launch.ts"
import type { Offer } from "../../events/values.ts"
import { exiting, NotSupportedError, ResourcesUnavailableError, type SkydError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { inner, sentence } from "../../task/sentence.ts"
import type { Offered } from "../clouds/Offered.ts"

/** What the clouds offer for a task, best first; the reason when nothing fits. */
export type Places = Offered

/** Whether a wish was refused for want of any place. */
export const isNowhere = ({ message }: SkydError, places: Places): boolean =>
  places.offers.length === 0 && message === nowhere(places).message

export const nowhere = ({ hint, isForbidden = false, isMistaken = false, isSilent = false, lacks, reason }: Places) =>
  lacks
    ? new NotSupportedError({
        message: sentence(`No enabled cloud can do what the task asks: ${reason}`),
        hint: "Leave it out, or enable a cloud that has it: sky check"
      })
    : exiting(
        new ResourcesUnavailableError({
          message: sentence(`No place fits the task: ${reason ?? "no cloud is enabled"}`),
          hint: hint ?? "Ask for less, or enable a cloud that has it: sky check",
          failoverHistory: [],
          noFailover: false
        }),
        isForbidden ? exitCodes.credentials : isMistaken ? exitCodes.usage : isSilent ? exitCodes.unreachable : exitCodes.capacity
      )

/** Each place was passed over before it was asked. Where there is one cloud only, its own refusal says it best (contract, D11). */
const passedOver = (passed: PassedOver): SkydError => {
  const refusals = [...passed.values()].map(({ error }) => error)
  const [first, ...others] = refusals
  return first !== undefined && others.length === 0
    ? first
    : exiting(
        new ResourcesUnavailableError({
          message: `No place has what is asked for: ${refusals.map(({ message }) => inner(message)).join("; ")}.`,
          hint: first?.hint ?? null,
          failoverHistory: refusals.map(({ _tag, message }) => ({ tag: _tag, message })),
          noFailover: false
        }),
        refusals.every(({ exitCode }) => exitCode === exitCodes.credentials) ? exitCodes.credentials : exitCodes.capacity
      )
}

/** Of each cloud the first place that was passed over, and why. */
type PassedOver = ReadonlyMap<string, { readonly offer: Offer; readonly error: SkydError }>

/**
 * The best place that nothing stands against, and what was passed over before it. `refusalOf`: why a place cannot be taken, before it is
 * asked.
 */
export const firstPlace = (
  offers: ReadonlyArray<Offer>,
  refusalOf: (offer: Offer) => SkydError | undefined
): { readonly offer: Offer | undefined; readonly passed: PassedOver } => {
  const passed = new Map<string, { readonly offer: Offer; readonly error: SkydError }>()
  for (const offer of offers) {
    const error = refusalOf(offer)
    if (error === undefined) return { offer, passed }
    if (!passed.has(offer.cloud)) passed.set(offer.cloud, { offer, error })
  }
  return { offer: undefined, passed }
}

export const choosePlace = (
  places: Places,
  refusalOf: (offer: Offer) => SkydError | undefined
): Result.Result<{ readonly offer: Offer; readonly passed: PassedOver }, SkydError> => {
  const { offer, passed } = firstPlace(places.offers, refusalOf)
  if (offer !== undefined) return Result.succeed({ offer, passed })
  return Result.fail(passed.size === 0 ? nowhere(places) : passedOver(passed))
}

/** What was passed over stays in the history of the search: who the credentials are holds for all of a cloud. */
export const passings = (cluster: ClusterId, passed: PassedOver): ReadonlyArray<typeof PlacePassedOver.Type> =>
  [...passed.values()].map(({ error: { _tag, message }, offer }) => ({
    _tag: "PlacePassedOver",
    cluster,
    offer,
    code: _tag,
    message,
    ...(_tag === "CloudUserIdentityError" ? { scope: "cloud", anyKind: true } : {})
  }))
