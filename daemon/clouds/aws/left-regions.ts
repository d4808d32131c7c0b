/** What a search had made for its cluster in a region goes when another one is asked: once, for all zones of that. */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../../events/ids.ts"
import type { MachineWish } from "../../../events/values.ts"
import type { CloudError, Tags } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"

/** Of one that is forgotten it is looked at once more. */
const clustersMax = 10_000

/** `leave`: what there may be goes from the region that was left. What stays there is cleared with the cluster. */
export const leftOnce = (leave: (machine: MachineWish, tags: Tags, left: string) => Effect.Effect<void, CloudError>) => {
  /** The region that each asks. */
  const asking = new Map<ClusterId, string>()
  return ({ leftRegions = [], machine = {}, offer, tags }: ProvisionRequest): Effect.Effect<void> =>
    Effect.suspend(() => {
      const left = leftRegions.at(-1)
      if (left === undefined || asking.get(tags.cluster) === offer.region) return Effect.void
      if (asking.size >= clustersMax) asking.clear()
      asking.set(tags.cluster, offer.region!)
      return Effect.ignore(leave(machine, tags, left))
    })
}
