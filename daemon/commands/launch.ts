/** Decides whether a launch may begin: on a new cluster, or once more on one that exists. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, ClusterName } from "../../events/ids.ts"
import { nameKey, requestKey } from "../../events/keys.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { type CloudUserIdentityError, InvalidClusterNameError, type NotSupportedError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Launch } from "../../sdk/protocol/launch.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { needsFuse } from "../../task/mounts.ts"
import { clusterNameMaxChars, clusterNamePattern } from "../../task/names.ts"
import { launchAutostop } from "../../task/placed.ts"
import { hasSetup, numNodesOf } from "../../task/Task.ts"
import type { ClusterFeature } from "../clouds/Cloud.ts"
import { refuseController, refuseMisfit, refuseWhileEnding } from "./checks.ts"
import { type Context, type Decided, onCluster, streamOf } from "./decision.ts"
import { cannotAutostop, cannotMount, cannotStart } from "./features.ts"
import { refuseMounts } from "./mounts.ts"
import { choosePlace, type Places } from "./places.ts"

export interface LaunchWish extends Places {
  readonly name: string
  /** The id that a new cluster gets. */
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly options: Omit<Launch, "task" | "clusterName">
  /** Why a cluster on the offer lacks a feature; null when it has it. */
  readonly lackOf: (feature: ClusterFeature, offer: Offer) => string | null
  /** Who the credentials are there. */
  readonly identityOf: (offer: Offer) => Result.Result<ReadonlyArray<string> | null, CloudUserIdentityError>
  /** Whether the place takes mounts below the nodes' home only. */
  readonly homeOnly: (offer: Offer) => boolean
}

/** What is wrong with the wish whatever exists. */
const refuseLaunch = (name: string, options: LaunchWish["options"], task: RecordedTask) => {
  const controller = refuseController(name)
  if (controller !== undefined) return controller
  if (!clusterNamePattern.test(name) || name.length > clusterNameMaxChars) {
    return Result.fail(
      new InvalidClusterNameError({
        message: `Invalid cluster name '${name.slice(0, clusterNameMaxChars)}'.`,
        hint: `A name begins with a letter, ends with a letter or digit, and holds up to ${clusterNameMaxChars} letters, digits, - _ and . only.`
      })
    )
  }
  if (options.noSetup && options.detachSetup && hasSetup(task)) {
    return Result.fail(new ValueError({ message: "noSetup and detachSetup exclude each other.", hint: null }))
  }
  if (alternativesOf(task.resources).items.some((need) => (need.spot_recovery ?? need.job_recovery) !== undefined)) {
    return Result.fail(
      new ValueError({
        message: "The task asks for recovery, which managed spot jobs have and clusters have not.",
        hint: "Leave spot_recovery and job_recovery out of its resources."
      })
    )
  }
  return undefined
}

/** What a cluster on this offer lacks for the wish. */
const lackFor = ({ lackOf, name, options, task }: LaunchWish, row: ClusterRow | undefined, offer: Offer): NotSupportedError | undefined => {
  const { down, idleMinutes } = launchAutostop(options, task.resources, offer)
  const asked = [
    [row !== undefined && statusOf(row) === "STOPPED", "RESTART", cannotStart],
    [idleMinutes !== null && !down, "STOP", (as: string, lack: string) => cannotAutostop(as, lack, "the same command with --down")],
    [needsFuse(task), "STORAGE_MOUNTING", (as: string, lack: string) => cannotMount(as, task, lack)]
  ] as const
  for (const [isAsked, feature, refusal] of asked) {
    const lack = isAsked ? lackOf(feature, offer) : null
    if (lack !== null) return refusal(name, lack)
  }
  return undefined
}

const facts = (cluster: ClusterId, { lackOf, options, task }: LaunchWish, place: Offer | null): ReadonlyArray<Event> => {
  const { down, idleMinutes } = launchAutostop(options, task.resources, place)
  const requested: Event = {
    _tag: "LaunchRequested",
    cluster,
    task,
    numNodes: numNodesOf(task),
    idleMinutes,
    down,
    retryUntilUp: options.retryUntilUp ?? false,
    noSetup: options.noSetup ?? false,
    detachSetup: options.detachSetup ?? false,
    lastUse: options.lastUse ?? ""
  }
  // Armed as autostop until setup has succeeded, where it can be stopped: a failed setup is never torn down (contract, launch-21).
  const arms = idleMinutes !== null && (place === null || lackOf("STOP", place) === null)
  return !arms ? [requested] : [requested, { _tag: "AutostopSet", cluster, idleMinutes, down: false }]
}

export const launch = (row: ClusterRow | undefined, wish: LaunchWish, context: Context): Decided => {
  const refusal = refuseLaunch(wish.name, wish.options, wish.task)
  if (refusal !== undefined) return refusal
  if (row !== undefined) {
    const lack = row.offer === null ? undefined : lackFor(wish, row, row.offer)
    return (
      refuseWhileEnding(row) ??
      refuseMisfit(row, wish.task) ??
      (lack && Result.fail(lack)) ??
      refuseMounts(wish.task, row.offer !== null && wish.homeOnly(row.offer)) ??
      onCluster(row, context, facts(row.id, wish, row.offer))
    )
  }
  const stranger = (offer: Offer) => Result.getOrUndefined(Result.flip(wish.identityOf(offer)))
  const place = choosePlace(wish, (offer) => stranger(offer) ?? lackFor(wish, row, offer))
  if (Result.isFailure(place)) return Result.fail(place.failure)
  const offer = place.success
  const mounts = refuseMounts(wish.task, wish.homeOnly(offer))
  if (mounts !== undefined) return mounts
  const name = wish.name as ClusterName
  const stream = streamOf(wish.fresh)
  const owner = Result.getOrElse(wish.identityOf(offer), () => null)
  const chosen: Event = {
    _tag: "PlaceChosen",
    cluster: wish.fresh,
    offer,
    numNodes: numNodesOf(wish.task),
    ...(owner === null ? {} : { owner })
  }
  const all: ReadonlyArray<Event> = [
    { _tag: "ClusterCreated", cluster: wish.fresh, name },
    context.requested,
    ...facts(wish.fresh, wish, offer),
    chosen
  ]
  return Result.succeed({
    events: all.map((event) => [stream, event] as const),
    expect: [
      [nameKey(name), 0],
      [requestKey(context.requested.requestId), 0]
    ],
    result: {}
  })
}
