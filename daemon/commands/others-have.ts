/**
 * A refusal for want of a place, with the way on: what is wrong with the wish, or which cloud that is not enabled has it, and for how much.
 * Pure.
 */
import * as Result from "effect/Result"
import { exiting, ResourcesUnavailableError, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { priceText } from "../../task/price.ts"
import { sentence } from "../../task/sentence.ts"
import type { Plan } from "../optimizer/optimize.ts"
import { isNowhere, type Places } from "./places.ts"

/** The way on for who was refused everywhere: by the word of the user's `own` clouds, and who else has it. */
const hintOf = ({ ranked }: Plan, numNodes: number, own: string | undefined): string => {
  const { offer } = ranked[0]!
  const price = `${priceText(offer, numNodes)}${numNodes > 1 ? ` for ${numNodes} nodes` : ""}`
  const others = `${cloudDisplay(offer.cloud)} has it from ${price} (price of ${offer.catalog}), but is not enabled: sky check. What would be taken: --dryrun`
  return own === undefined ? others : `${own}. ${others}`
}

const withMore = (error: SkydError, message: string, hint: string | null): SkydError => {
  if (error._tag === "ValueError") return new ValueError({ message, hint })
  if (error._tag !== "ResourcesUnavailableError") return error
  const { exitCode, failoverHistory, noFailover } = error
  return exiting(new ResourcesUnavailableError({ message, hint, failoverHistory, noFailover }), exitCode)
}

/** What was asked for is in the way, and not that there is none just now. */
export const mistaken = (error: SkydError, hint: string | null): SkydError => exiting(withMore(error, error.message, hint), exitCodes.usage)

/**
 * What is told of a wish that no enabled cloud meets, when the lists of all were looked into: what is wrong with it goes before where it
 * cannot go.
 */
export const withWhoHasIt = (
  refusal: SkydError,
  places: Places,
  found: Result.Result<Plan, SkydError>,
  numNodes: number,
  /** Whether a cloud with a list was asked. */
  isListed: boolean
): SkydError => {
  const { message } = refusal
  const isNo = isNowhere(refusal, places)
  if (Result.isSuccess(found)) {
    const hint = hintOf(found.success, numNodes, places.hint)
    return withMore(refusal, message, isNo ? hint : (refusal.hint ?? hint))
  }
  const { failure } = found
  // No account or other place makes that good.
  if (!isNo || failure._tag === "NotSupportedError" || failure._tag === "ResourcesMismatchError") return failure
  // An enabled cloud with a list has said by its list what it has not.
  if (isListed) return withMore(refusal, message, places.hint ?? failure.hint ?? refusal.hint)
  return withMore(failure, `${failure.message} Besides, ${sentence(places.reason ?? "")}`, failure.hint ?? places.hint ?? null)
}
