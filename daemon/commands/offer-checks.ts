/** What a task asks for that no enabled cloud has, by their lists: unknown regions, zones, types, images (contract, D30). */
import * as Result from "effect/Result"
import type { RecordedTask } from "../../events/values.ts"
import { NoCloudAccessError, ValueError } from "../../sdk/protocol/errors.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { checkWithOffers } from "../../task/check-offers.ts"
import type { Offers } from "../../task/Offers.ts"
import type { Decided } from "./decision.ts"

/** A named cloud that is not enabled is not looked into: that it is not enabled is what matters. */
export const refuseUnknown = (task: RecordedTask, offers: Offers, enabled: ReadonlyArray<string>): Decided | undefined => {
  if (enabled.length === 0)
    return Result.fail(new NoCloudAccessError({ message: "No cloud is enabled.", hint: "See which and why: sky check" }))
  for (const need of alternativesOf(task.resources).items) {
    if (need.cloud !== undefined && !enabled.includes(need.cloud)) continue
    const checked = checkWithOffers(need, offers, enabled)
    if (Result.isFailure(checked)) return Result.fail(new ValueError({ message: checked.failure.message, hint: null }))
  }
  return undefined
}
