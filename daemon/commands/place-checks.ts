/** What stands against a cluster in a place, before the place is asked; and that it was chosen. Pure. */
import * as Result from "effect/Result"
import type { ClusterId } from "../../events/ids.ts"
import type { PlaceChosen } from "../../events/launch.ts"
import type { ClonedDisk, Offer, RecordedTask } from "../../events/values.ts"
import type { CloudUserIdentityError, NotSupportedError, SkydError } from "../../sdk/protocol/errors.ts"
import { needsFuse } from "../../task/mounts.ts"
import type { ClusterFeature } from "../clouds/Offered.ts"
import { refuseElsewhere } from "./clone.ts"
import { cannotAutostop, cannotMount, cannotStart } from "./features.ts"
import { cannotOutside } from "./mounts.ts"

/** What the cloud of a place says of it. */
export interface PlaceWords {
  /** Why a cluster on the offer lacks a feature; null when it has it. */
  readonly lackOf: (feature: ClusterFeature, offer: Offer) => string | null
  /** Who the credentials are there. */
  readonly identityOf: (offer: Offer) => Result.Result<ReadonlyArray<string> | null, CloudUserIdentityError>
  /** Whether the place takes mounts below the nodes' home only. */
  readonly homeOnly: (offer: Offer) => boolean
}

interface AskedOfPlace {
  readonly name: string
  readonly task: RecordedTask
  /** Only with the copied disk is it of use. */
  readonly clone?: ClonedDisk | undefined
  readonly autostopAt: (offer: Offer) => { readonly idleMinutes: number | null; readonly down: boolean }
}

/** What a cluster on this offer lacks. `isStopped`: it is to be started again. */
export const lackFor = (
  { lackOf }: Pick<PlaceWords, "lackOf">,
  { autostopAt, name, task }: AskedOfPlace,
  offer: Offer,
  isStopped = false
): NotSupportedError | undefined => {
  const { down, idleMinutes } = autostopAt(offer)
  const asked = [
    [isStopped, "RESTART", cannotStart],
    [idleMinutes !== null && !down, "STOP", (as: string, lack: string) => cannotAutostop(as, lack, "the same command with --down")],
    [needsFuse(task), "STORAGE_MOUNTING", (as: string, lack: string) => cannotMount(as, task, lack)]
  ] as const
  for (const [isAsked, feature, refusal] of asked) {
    const lack = isAsked ? lackOf(feature, offer) : null
    if (lack !== null) return refusal(name, lack)
  }
  return undefined
}

/** Of a new cluster. */
export const refusalAt = (words: PlaceWords, asked: AskedOfPlace, offer: Offer): SkydError | undefined => {
  const identity = words.identityOf(offer)
  if (Result.isFailure(identity)) return identity.failure
  return (
    refuseElsewhere(asked.clone, offer) ?? lackFor(words, asked, offer) ?? (words.homeOnly(offer) ? cannotOutside(asked.task) : undefined)
  )
}

export const chosenAt = (
  cluster: ClusterId,
  offer: Offer,
  numNodes: number,
  { identityOf }: Pick<PlaceWords, "identityOf">
): typeof PlaceChosen.Type => {
  const owner = Result.getOrElse(identityOf(offer), () => null)
  return { _tag: "PlaceChosen", cluster, offer, numNodes, ...(owner === null ? {} : { owner }) }
}
