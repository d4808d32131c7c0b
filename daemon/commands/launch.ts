/** Decides whether a launch may begin: on a new cluster, or once more on one that exists. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, ClusterName } from "../../events/ids.ts"
import { nameKey, requestKey } from "../../events/keys.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { InvalidClusterNameError, NotSupportedError, ResourcesUnavailableError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Launch } from "../../sdk/protocol/launch.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { clusterNameMaxChars, clusterNamePattern } from "../../task/names.ts"
import { launchAutostop } from "../../task/placed.ts"
import { hasSetup, numNodesOf } from "../../task/Task.ts"
import { refuseController, refuseMisfit, refuseWhileEnding } from "./checks.ts"
import { type Context, type Decided, onCluster, streamOf } from "./decision.ts"
import { refuseMounts } from "./mounts.ts"

export interface LaunchWish {
  readonly name: string
  /** The id that a new cluster gets. */
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly options: Omit<Launch, "task" | "clusterName">
  /** What the clouds offer for it, best first; the reason when nothing fits. */
  readonly offers: ReadonlyArray<Offer>
  readonly reason: string | null
  /** No place ever will: each lacks a feature that the task asks for. */
  readonly lacks?: boolean
  /** The place takes mounts below the nodes' home only. */
  readonly homeOnly?: boolean
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

const facts = (cluster: ClusterId, { options, task }: LaunchWish, place: Offer | null): ReadonlyArray<Event> => {
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
  // Armed as autostop until setup has succeeded: a failed setup is never torn down (contract, launch-21).
  return idleMinutes === null ? [requested] : [requested, { _tag: "AutostopSet", cluster, idleMinutes, down: false }]
}

export const launch = (row: ClusterRow | undefined, wish: LaunchWish, context: Context): Decided => {
  const refusal = refuseLaunch(wish.name, wish.options, wish.task) ?? refuseMounts(wish.task, wish.homeOnly ?? false)
  if (refusal !== undefined) return refusal
  if (row !== undefined) {
    return refuseWhileEnding(row) ?? refuseMisfit(row, wish.task) ?? onCluster(row, context, facts(row.id, wish, row.offer))
  }
  const [offer] = wish.offers
  if (offer === undefined) {
    if (wish.lacks) {
      return Result.fail(
        new NotSupportedError({
          message: `No enabled cloud can do what the task asks: ${wish.reason}.`,
          hint: "Leave it out, or enable a cloud that has it: sky check"
        })
      )
    }
    return Result.fail(
      new ResourcesUnavailableError({
        message: `No place fits the task: ${wish.reason ?? "no cloud is enabled"}.`,
        hint: "Ask for less, or enable a cloud that has it: sky check",
        failoverHistory: [],
        noFailover: false
      })
    )
  }
  const name = wish.name as ClusterName
  const stream = streamOf(wish.fresh)
  const chosen: Event = { _tag: "PlaceChosen", cluster: wish.fresh, offer, numNodes: numNodesOf(wish.task) }
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
