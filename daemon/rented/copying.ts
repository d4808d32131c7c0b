/** A disk that is copied by its cloud: terabytes take longer than any call is waited for, and that is no cloud without an answer. */
import * as Effect from "effect/Effect"
import type { ClonedDisk } from "../../events/values.ts"
import { CloudError } from "../clouds/Cloud.ts"

/** Less than a call may take. */
const waitMaxMin = 5

/** `root`: looks for the copy, and makes it where it is not there, so that it may be left and asked for again. */
export const whileCopying = <A>({ clusterName }: ClonedDisk, root: Effect.Effect<A, CloudError>): Effect.Effect<A, CloudError> =>
  Effect.timeoutOrElse(root, {
    duration: `${waitMaxMin} minutes`,
    orElse: () => {
      const message = `the disk of ${clusterName} is still being copied`
      return Effect.fail(new CloudError({ kind: "Transient", code: "DiskBeingCopied", message, goesOn: true }))
    }
  })
