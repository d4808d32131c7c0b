/** Why a need is refused by what the clouds have: the contract's class, a sentence, and the names that were perhaps meant. */
import * as Result from "effect/Result"

export interface OfferRefusal {
  readonly error: "ValueError" | "NoCloudAccessError"
  readonly message: string
  readonly near: ReadonlyArray<string>
}
export type Checked<A> = Result.Result<A, OfferRefusal>

export const refusal = (error: OfferRefusal["error"], message: string, near: ReadonlyArray<string> = []): Checked<never> =>
  Result.fail({ error, message, near })
