/** What a request for machines leaves behind beside them once they are there. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ClonedDisk } from "../../events/values.ts"
import type { Cloud, CloudError } from "../clouds/Cloud.ts"
import type { ProvisionRequest } from "../clouds/ProvisionRequest.ts"

interface CleanupOptions {
  readonly provision: Cloud["provision"]
  /** What a disk was copied by. */
  readonly removeCopies: (request: ProvisionRequest, clone: ClonedDisk) => Effect.Effect<void, CloudError>
}

/** Between tries to remove what a disk was copied by. It is tried once more with the cluster's end. */
const againFirstMs = 10_000
const againMaxMs = 600_000
const triesMax = 24

const untilRemoved = Effect.fnUntraced(function* (removal: Effect.Effect<void, CloudError>) {
  for (let [tried, waitMs] = [1, againFirstMs]; tried <= triesMax; tried++, waitMs = Math.min(againMaxMs, waitMs * 2)) {
    yield* Effect.sleep(waitMs)
    if (Option.isSome(yield* Effect.option(removal))) return
  }
})

/** Nobody waits for it; what stays meanwhile is listed by `sky leaks`. */
const soonOrLater = (removal: Effect.Effect<void, CloudError>) =>
  Effect.catch(removal, ({ message }) =>
    Effect.andThen(Effect.logWarning(`what a disk was copied by stays for now: ${message}`), Effect.forkDetach(untilRemoved(removal)))
  )

/**
 * What a disk was copied by is of use until the copy is there. Ports stay open for the places that are asked next: they are closed when the
 * search is over, or leaves its region or its cloud. What stays is cleared with the cluster.
 */
export const cleanedUp =
  ({ provision, removeCopies }: CleanupOptions): Cloud["provision"] =>
  (request) => {
    const { clone } = request.machine ?? {}
    return Effect.tap(provision(request), () => (clone === undefined ? Effect.void : soonOrLater(removeCopies(request, clone))))
  }
