/** How large the root disk of a machine is. EC2's list of machines does not say; the image does, or who had the disk that it began as. */
import * as Effect from "effect/Effect"
import { copiedGib, diskGibDefault } from "../../../task/disk.ts"
import { namedImage } from "../../../task/images.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { makeImages } from "./images.ts"
import type { makeArchOf } from "./machine-types.ts"

/** The machines are there: nobody waits long to hear of their size. */
const waitMaxMs = 10_000

/** Undefined where it is what was asked for, or nobody says. */
export const rootGib = (
  { machine: { clone, diskGib, images: named } = {}, offer }: ProvisionRequest,
  images: Effect.Success<ReturnType<typeof makeImages>>,
  archOf: Effect.Success<ReturnType<typeof makeArchOf>>
): Effect.Effect<number | undefined> => {
  const region = offer.region!
  if (diskGib !== undefined) return Effect.succeed(undefined)
  if (clone !== undefined) return Effect.succeed(copiedGib(clone.gib))
  // The usual ones are smaller than any usual disk.
  if (namedImage(named, region) === null) return Effect.succeed(undefined)
  return archOf(region, offer.instanceType!).pipe(
    Effect.flatMap((arch) => images.rootFor(region, named, offer, arch)),
    Effect.map(({ gib }) => Math.max(gib, diskGibDefault)),
    Effect.timeoutOrElse({ duration: waitMaxMs, orElse: () => Effect.succeed(undefined) }),
    Effect.orElseSucceed(() => undefined)
  )
}
