/** What a request for machines leaves behind beside them once they are there. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
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

/** To remove what a disk was copied by, for hours. It is tried once more with the cluster's end. */
const againFirst = "10 seconds"
const rarer = { times: 23, schedule: Schedule.min([Schedule.exponential(againFirst), Schedule.spaced("10 minutes")]) }

const untilRemoved = (name: ClusterName, removal: Effect.Effect<void, CloudError>) =>
  Effect.catch(Effect.delay(Effect.retry(removal, rarer), againFirst), ({ message }) =>
    Effect.logWarning(
      `${name}: what its disk was copied by stays, and costs, until the cluster goes: ${inner(message)}. At once: sky leaks --terminate`
    )
  )

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
