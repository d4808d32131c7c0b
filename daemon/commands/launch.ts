/** Decides whether a launch may begin: on a new cluster, or once more on one that exists. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, ClusterName } from "../../events/ids.ts"
import { nameKey, requestKey } from "../../events/keys.ts"
import type { Offer, RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { InvalidClusterNameError, ResourcesUnavailableError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Launch } from "../../sdk/protocol/launch.ts"
import { clusterNameMaxChars, clusterNamePattern } from "../../task/names.ts"
import { hasSetup, numNodesOf } from "../../task/Task.ts"
import { refuseController, refuseMisfit, refuseWhileEnding } from "./checks.ts"
import { type Context, type Decided, onCluster, streamOf } from "./decision.ts"

export interface LaunchWish {
  readonly name: string
  /** The id that a new cluster gets. */
  readonly fresh: ClusterId
  readonly task: RecordedTask
  readonly options: Omit<Launch, "task" | "clusterName">
  /** What the clouds offer for it, best first; the reason when nothing fits. */
  readonly offers: ReadonlyArray<Offer>
  readonly reason: string | null
}

/** Minutes of the setting that this launch makes; null for none. 0 counts as 1, `down` alone is 1 (contract, D07, launch-17). */
export const minutesOf = (options: { readonly idleMinutesToAutostop?: number | null; readonly down?: boolean | null }): number | null => {
  const asked = options.idleMinutesToAutostop ?? (options.down ? 1 : null)
  return asked === null ? null : Math.max(1, asked)
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
  return undefined
}

const facts = (cluster: ClusterId, { options, task }: LaunchWish): ReadonlyArray<Event> => {
  const minutes = minutesOf(options)
  const requested: Event = {
    _tag: "LaunchRequested",
    cluster,
    task,
    numNodes: numNodesOf(task),
    idleMinutes: minutes,
    down: options.down ?? false,
    retryUntilUp: options.retryUntilUp ?? false,
    noSetup: options.noSetup ?? false,
    detachSetup: options.detachSetup ?? false,
    lastUse: options.lastUse ?? ""
  }
  // Armed as autostop until setup has succeeded: a failed setup is never torn down (contract, launch-21).
  return minutes === null ? [requested] : [requested, { _tag: "AutostopSet", cluster, idleMinutes: minutes, down: false }]
}

export const launch = (row: ClusterRow | undefined, wish: LaunchWish, context: Context): Decided => {
  const refusal = refuseLaunch(wish.name, wish.options, wish.task)
  if (refusal !== undefined) return refusal
  if (row !== undefined) {
    return refuseWhileEnding(row) ?? refuseMisfit(row, wish.task) ?? onCluster(row, context, facts(row.id, wish))
  }
  const [offer] = wish.offers
  if (offer === undefined) {
    return Result.fail(
      new ResourcesUnavailableError({
        message: `No place fits the task: ${wish.reason ?? "no cloud is enabled"}.`,
        hint: "Ask for less, or enable a cloud that has it: sky check",
        failoverHistory: []
      })
    )
  }
  const name = wish.name as ClusterName
  const stream = streamOf(wish.fresh)
  const chosen: Event = { _tag: "PlaceChosen", cluster: wish.fresh, offer, numNodes: numNodesOf(wish.task) }
  const all: ReadonlyArray<Event> = [
    { _tag: "ClusterCreated", cluster: wish.fresh, name },
    context.requested,
    ...facts(wish.fresh, wish),
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
