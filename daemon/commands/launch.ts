/** Decides whether a launch may begin: on a new cluster, or once more on one that exists. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, ClusterName } from "../../events/ids.ts"
import { nameKey, requestKey } from "../../events/keys.ts"
import type { ClonedDisk, Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { InvalidClusterNameError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Launch } from "../../sdk/protocol/launch.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { clusterNameMaxChars, clusterNamePattern } from "../../task/names.ts"
import { launchAutostop } from "../../task/placed.ts"
import { hasSetup, numNodesOf } from "../../task/Task.ts"
import { saidOf } from "./autostop-at.ts"
import { refuseController, refuseMisfit, refuseWhileEnding } from "./checks.ts"
import { whereCopied } from "./clone.ts"
import { type Context, type Decided, onCluster, streamOf } from "./decision.ts"
import { cannotBuckets, cannotOutside } from "./mounts.ts"
import { chosenAt, lackFor, type PlaceWords, refusalAt } from "./place-checks.ts"
import { choosePlace, type Places, passings } from "./places.ts"

interface LaunchWish extends Places, PlaceWords {
  readonly name: string
  /** The id that a new cluster gets. */
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly clone?: ClonedDisk | undefined
  readonly options: Omit<Launch, "task" | "clusterName" | "cloneDiskFrom">
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

const facts = (cluster: ClusterId, { clone, lackOf, options, task }: LaunchWish, place: Offer | null): ReadonlyArray<Event> => {
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
    ...(options.blocked?.length ? { blocked: options.blocked } : {}),
    ...saidOf(options, task),
    ...(clone && { clone }),
    lastUse: options.lastUse ?? ""
  }
  // Armed as autostop until setup has succeeded, where it can be stopped: a failed setup is never torn down (contract, launch-21).
  const arms = idleMinutes !== null && (place === null || lackOf("STOP", place) === null)
  return !arms ? [requested] : [requested, { _tag: "AutostopSet", cluster, idleMinutes, down: false }]
}

export const launch = (row: ClusterRow | undefined, wish: LaunchWish, context: Context): Decided => {
  const refusal = refuseLaunch(wish.name, wish.options, wish.task)
  if (refusal !== undefined) return refusal
  const { clone, name, options, task } = wish
  const asked = { name, task, clone, autostopAt: (offer: Offer) => launchAutostop(options, task.resources, offer) }
  if (row !== undefined) {
    // Where it goes on from a place that gave nothing, that is held against all who wait for it.
    const isLookedFor = !row.everUp && row.nodes.length === 0 && (row.refused ?? row.waiting) !== null
    const place = isLookedFor ? null : row.offer
    const isOutside = place !== null && wish.homeOnly(place)
    const feature = place === null ? undefined : lackFor(wish, asked, place, statusOf(row) === "STOPPED")
    const lack = feature ?? cannotBuckets(task) ?? (isOutside ? cannotOutside(task) : undefined)
    return (
      refuseWhileEnding(row) ??
      refuseMisfit(row, wish.task) ??
      (lack && Result.fail(lack)) ??
      onCluster(row, context, facts(row.id, wish, place))
    )
  }
  const places = { ...wish, offers: whereCopied(clone, wish.offers) }
  const place = choosePlace(places, (offer) => refusalAt(wish, asked, offer))
  if (Result.isFailure(place)) return Result.fail(place.failure)
  const buckets = cannotBuckets(task)
  if (buckets !== undefined) return Result.fail(buckets)
  const { offer, passed } = place.success
  const stream = streamOf(wish.fresh)
  const all: ReadonlyArray<Event> = [
    { _tag: "ClusterCreated", cluster: wish.fresh, name: name as ClusterName },
    context.requested,
    ...facts(wish.fresh, wish, offer),
    ...passings(wish.fresh, passed),
    chosenAt(wish.fresh, offer, numNodesOf(task), wish)
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
