/** A task by the lists of the enabled clouds: unknown regions, zones, types and images are refused (contract, D30). */
import * as Result from "effect/Result"
import type { RecordedTask } from "../../events/values.ts"
import { NoCloudAccessError, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { alternativesOf, together } from "../../task/alternatives.ts"
import { checkImagePlace, checkWithOffers } from "../../task/check-offers.ts"
import { same } from "../../task/fit.ts"
import type { Need } from "../../task/Need.ts"
import { meantText } from "../../task/near.ts"
import type { Offers } from "../../task/Offers.ts"
import { noCloud, type Refusal } from "../../task/Refusal.ts"

const errorOf = ({ error, message, near = [] }: Refusal): SkydError =>
  error === "NoCloudAccessError"
    ? new NoCloudAccessError({ message, hint: "See which and why: sky check" })
    : new ValueError({ message, hint: meantText(near) || null })

/**
 * The task with what follows from the offers, or as it was written when nothing does. A named cloud that is not enabled is not looked
 * into: that it is not enabled is what matters.
 */
export const completed = (task: RecordedTask, offers: Offers, enabled: ReadonlyArray<string>): Result.Result<RecordedTask, SkydError> =>
  Result.gen(function* () {
    if (enabled.length === 0) return yield* Result.fail(noCloud)
    const { items, kind } = alternativesOf(task.resources)
    const full: Array<Need> = []
    const isLookedInto = ({ cloud }: Need) => cloud === undefined || enabled.includes(cloud)
    for (const need of items) full.push(yield* isLookedInto(need) ? checkWithOffers(need, offers, enabled) : checkImagePlace(need))
    return same(items, full) ? task : { ...task, resources: together({ kind, items: full }) }
  }).pipe(Result.mapError(errorOf))
