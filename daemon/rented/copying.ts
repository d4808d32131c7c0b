/** A disk that is copied by its cloud: terabytes take longer than any call is waited for, and that is no cloud without an answer. */
import * as Effect from "effect/Effect"
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
}

/** What a disk is to be copied by stays until its machine is there: where it is not whole, no machine was asked for yet. */
export const whileCopying = <A>(
  { isEnding = false }: Pick<ProvisionRequest, "isEnding">,
  { clusterName }: ClonedDisk,
  { known, root }: Copying<A>
): Effect.Effect<A, CloudError> => {
  const message = `the disk of ${clusterName} is still being copied`
  if (isEnding) return Effect.flatMap(known, (found) => (found === undefined ? Effect.fail(notAsked(message)) : Effect.succeed(found)))
  return Effect.timeoutOrElse(root, {
    duration: `${waitMaxMin} minutes`,
    orElse: () => Effect.fail(new CloudError({ kind: "Transient", code: "DiskBeingCopied", message, goesOn: true }))
  })
}
