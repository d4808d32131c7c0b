/** What a request for machines leaves behind beside them once they are there. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ClusterName } from "../../events/ids.ts"
import type { ClonedDisk } from "../../events/values.ts"
import { inner } from "../../task/sentence.ts"
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

const untilRemoved = Effect.fnUntraced(function* (name: ClusterName, removal: Effect.Effect<void, CloudError>) {
  let why = ""
  for (let [tried, waitMs] = [1, againFirstMs]; tried <= triesMax; tried++, waitMs = Math.min(againMaxMs, waitMs * 2)) {
    yield* Effect.sleep(waitMs)
    const removed = yield* Effect.result(removal)
    if (Result.isSuccess(removed)) return
    why = removed.failure.message
  }
  const stays = `${name}: what its disk was copied by stays, and costs, until the cluster goes: ${inner(why)}`
  yield* Effect.logWarning(`${stays}. At once: sky leaks --terminate`)
})

/** Nobody waits for it; what stays meanwhile is listed by `sky leaks`. */
const soonOrLater = (name: ClusterName, removal: Effect.Effect<void, CloudError>) =>
  Effect.catch(removal, ({ message }) =>
    Effect.andThen(
      Effect.logWarning(`${name}: what its disk was copied by stays for now: ${message}`),
      Effect.forkDetach(untilRemoved(name, removal))
    )
  )

/**
 * What a disk was copied by is of use until the copy is there. Ports stay open for the places that are asked next: they are closed when the
 * search is over, or leaves its region or its cloud. What stays is cleared with the cluster.
 */
export const cleanedUp =
  ({ provision, removeCopies }: CleanupOptions): Cloud["provision"] =>
  (request) => {
    const { clone } = request.machine ?? {}
    return Effect.tap(provision(request), () =>
      clone === undefined ? Effect.void : soonOrLater(request.tags.clusterName, removeCopies(request, clone))
    )
  }
