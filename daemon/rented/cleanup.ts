/** What a request for machines leaves behind beside them, whether it was granted or refused. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ClonedDisk } from "../../events/values.ts"
import type { Cloud, CloudError } from "../clouds/Cloud.ts"
import type { ProvisionRequest } from "../clouds/ProvisionRequest.ts"

interface CleanupOptions {
  readonly provision: Cloud["provision"]
  readonly closePorts: (request: ProvisionRequest) => Effect.Effect<void, CloudError>
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
 * What a place refused it keeps nothing of; but the ports are of the whole cluster, and stay open where other nodes of it may be. What a
 * disk was copied by is of use until the copy is there. What stays is cleared with the cluster.
 */
export const cleanedUp =
  ({ closePorts, provision, removeCopies }: CleanupOptions): Cloud["provision"] =>
  (request) => {
    const { isPart = false, machine: { clone, ports = [] } = {} } = request
    const isOpen = ports.length > 0 && !isPart
    return provision(request).pipe(
      Effect.tapError(({ kind }) => (kind === "Refused" && isOpen ? Effect.ignore(closePorts(request)) : Effect.void)),
      Effect.tap(() => (clone === undefined ? Effect.void : soonOrLater(removeCopies(request, clone))))
    )
  }
