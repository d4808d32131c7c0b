/** A disk that is copied by its cloud: terabytes take longer than any call is waited for, and that is no cloud without an answer. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ClonedDisk } from "../../events/values.ts"
import { CloudError } from "../clouds/Cloud.ts"
import type { ProvisionRequest } from "../clouds/ProvisionRequest.ts"
import { notAsked } from "./asked-no-more.ts"

/** Less than a call may take. */
const waitMaxMin = 5

interface Copying<A> {
  /** Looks for the copy, and makes it where it is not there, so that it may be left and asked for again. */
  readonly root: Effect.Effect<A, CloudError>
  /** Only looks. */
  readonly known: Effect.Effect<A | undefined, CloudError>
  /** Also where it is not whole. */
  readonly isThere: Effect.Effect<boolean, CloudError>
}

/** What another daemon had on its way when it was killed is there within that, or never came to its cloud. */
const onItsWayMaxS = 15
const looksEveryS = 1

/** So that it is there to be removed. */
const arrived = (isThere: Effect.Effect<boolean, CloudError>) =>
  Effect.repeat(isThere, { until: (is) => is, schedule: Schedule.spaced(`${looksEveryS} seconds`) }).pipe(
    Effect.timeoutOption(`${onItsWayMaxS} seconds`)
  )

/** What a disk is to be copied by stays until its machine is there: where it is not whole, no machine was asked for yet. */
export const whileCopying = <A>(
  { isEnding = false, isInherited = false }: Pick<ProvisionRequest, "isEnding" | "isInherited">,
  { clusterName }: ClonedDisk,
  { isThere, known, root }: Copying<A>
): Effect.Effect<A, CloudError> => {
  const message = `the disk of ${clusterName} is still being copied`
  if (isEnding) {
    const notWhole = Effect.andThen(isInherited ? arrived(isThere) : Effect.void, Effect.fail(notAsked(message)))
    return Effect.flatMap(known, (copy) => (copy === undefined ? notWhole : Effect.succeed(copy)))
  }
  return Effect.timeoutOrElse(root, {
    duration: `${waitMaxMin} minutes`,
    orElse: () => Effect.fail(new CloudError({ kind: "Transient", code: "DiskBeingCopied", message, goesOn: true }))
  })
}
