/**
 * Ends what was dropped by a purge without its word: a node on a machine of its own that was not reached, and what was asked for and
 * never answered. Nothing of a cluster that is gone runs on there or costs, once it is back. Asked for ever, seldom; what is then learned
 * is a fact.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import { type ClusterId, type NodeId, type NodeToken, tokenOf } from "../../events/ids.ts"
import { type Clusters, type Abandoned as Dropped, logOf, rowOf, type Unanswered } from "../../projections/clusters.ts"
import { nothingLeft } from "../../projections/refusals.ts"
import { type Cloud, CloudError } from "../clouds/Cloud.ts"
import { Clouds } from "../clouds/Clouds.ts"
import { asOwner, asOwnerNow } from "../clouds/identities.ts"
import { streamOf } from "../commands/decision.ts"
import { Identity } from "../life/Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"
import { orLeft } from "./end-machines.ts"
import { Reactors } from "./Reactors.ts"

const firstAfterMs = 30_000
const againMaxMs = 600_000
/** Several may look at a time; a list of so long ago has what was asked for before the wait. */
const lookGoodForMs = 10_000
/** So long who wants the machine waits for it to be given back. */
const nowMaxMs = 15_000

const reason = "its machine was reached again"
const allEnded = { code: nothingLeft, message: "all that was given to the cluster that was dropped has ended" }

const later = (message: string) => new CloudError({ kind: "Transient", code: "Later", message })

const untilDone = Effect.fnUntraced(function* <A>(attempt: Effect.Effect<A, CloudError>) {
  for (let waitMs = firstAfterMs; ; waitMs = Math.min(againMaxMs, waitMs * 2)) {
    yield* Effect.sleep(waitMs)
    if (Option.isSome(yield* Effect.option(attempt))) return
  }
})

export class Abandoned extends Context.Service<
  Abandoned,
  {
    /** Tried at once, for who wants what it may stand in the way of; whether anything was ended. */
    readonly endNow: Effect.Effect<boolean>
  }
>()("skyd/daemon/reactors/Abandoned") {
  static readonly layer = Layer.effect(
    Abandoned,
    Effect.suspend(() => make)
  )
  /** Nothing is ended. */
  static readonly off = Layer.sync(Abandoned, () => Abandoned.of({ endNow: Effect.succeed(false) }))
}

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const clouds = yield* Clouds
  const { actor } = yield* Identity
  const { areOn } = yield* Reactors
  if (!areOn) return Abandoned.of({ endNow: Effect.succeed(false) })
  const fibers = yield* FiberMap.make<NodeId | NodeToken>()
  const run = yield* FiberMap.runtime(fibers)<never>()

  const known = () => log.world().clusters

  /** Who waits for a cloud to come back has given up on many requests. */
  const looks = new Map<string, ReturnType<Cloud["owned"]>>()
  const ownedBy = Effect.fn("Abandoned.ownedBy")(function* (cloud: Cloud, log: string) {
    const key = `${cloud.name} ${log}`
    const look = looks.get(key) ?? (yield* Effect.cachedWithTTL(cloud.owned(log), lookGoodForMs))
    looks.set(key, look)
    return yield* look
  })

  const record = (cluster: ClusterId, event: Event, isNews: (clusters: Clusters) => boolean) =>
    log
      .decide(({ clusters }) => {
        if (!isNews(clusters)) return Result.succeed(undefined)
        return Result.succeed({ events: [[streamOf(cluster), event] as const], operation: null, causedBy: 0, actor, expect: [] })
      })
      .pipe(Effect.orDie)

  const endNode = Effect.fn("Abandoned.endNode")(function* (one: Dropped) {
    const { cluster, clusterName, ...place } = one
    const { node, rank } = place
    if (!HashMap.has(known().abandoned, node)) return
    const cloud = clouds.get(one.cloud)
    if (cloud === undefined) return yield* later("its cloud is not enabled")
    // To others' credentials it is not there, which looks as if it were gone.
    yield* asOwner(cloud, { name: clusterName, offer: null, owner: one.owner })
    yield* cloud.terminate({ tags: { log: logOf(known(), one), cluster, clusterName }, ...place })
    yield* asOwnerNow(cloud, { name: clusterName, offer: null, owner: one.owner })
    yield* record(cluster, { _tag: "NodeReleased", cluster, rank, node, reason }, ({ abandoned }) => HashMap.has(abandoned, node))
  })

  /** Where it may be is asked of the cloud: a claim is found by its tags, and its nodes are called after the token. */
  const endAll = Effect.fn("Abandoned.endAll")(function* (one: Unanswered) {
    const cloud = clouds.get(one.offer?.cloud ?? "")
    if (cloud === undefined) return yield* later("its cloud is not enabled")
    yield* asOwner(cloud, one)
    const { owned, unclear } = yield* ownedBy(cloud, logOf(known(), one))
    const found = owned.filter(({ node, tags }) => tags.cluster === one.id && tokenOf(node) === one.token)
    const ended = yield* Effect.forEach(found, (node) => Effect.option(cloud.terminate(node)))
    for (const [i, { node, rank }] of found.entries()) {
      const event = { _tag: "NodeReleased", cluster: one.id, rank, node, reason: "its cluster was dropped" } as const
      if (Option.isSome(ended[i]!)) yield* record(one.id, event, () => true)
    }
    if (unclear.length > 0 || ended.some(Option.isNone)) return yield* later("not all is known to have ended")
    yield* asOwnerNow(cloud, one)
    // One that is there has what is called after it, and clears it with itself.
    if (rowOf(known(), one.id)?.offer?.cloud === cloud.name) return
    const tags = { log: logOf(known(), one), cluster: one.id, clusterName: one.name }
    if (cloud.clear !== undefined && one.offer?.region) yield* orLeft(one.name, cloud.clear(tags, [one.offer.region]))
  })

  const endUnanswered = Effect.fn("Abandoned.endUnanswered")(function* (one: Unanswered) {
    const { id: cluster, token } = one
    // A list may lack for a minute what is there.
    yield* Effect.sleep(firstAfterMs)
    yield* Effect.ignore(endAll(one))
    yield* untilDone(endAll(one))
    yield* record(cluster, { _tag: "NodeRefused", cluster, token, ...allEnded }, ({ unanswered }) => HashMap.has(unanswered, token))
  })

  const look = ({ clusters }: World) => {
    for (const [node, one] of clusters.abandoned) if (!FiberMap.hasUnsafe(fibers, node)) run(node, untilDone(endNode(one)))
    for (const [token, one] of clusters.unanswered) if (!FiberMap.hasUnsafe(fibers, token)) run(token, endUnanswered(one))
  }
  const stop = log.follow((_, world) => look(world))
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  look(log.world())

  return Abandoned.of({
    endNow: Effect.gen(function* () {
      const dropped = [...HashMap.values(known().abandoned)]
      const tried = yield* Effect.forEach(dropped, (one) => Effect.option(Effect.timeout(endNode(one), nowMaxMs)), {
        concurrency: "unbounded"
      })
      return tried.some(Option.isSome)
    })
  })
})
