/**
 * Ends what was dropped by a purge on a machine of the user's own that was not reached: nothing of a cluster that is gone runs on there, and the machine
 * is free again, once it is back. Asked for ever, seldom; what the machine then says is a fact.
 */
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { NodeId } from "../../events/ids.ts"
import type { Abandoned } from "../../projections/clusters.ts"
import { Clouds } from "../Clouds.ts"
import { streamOf } from "../commands/decision.ts"
import { Identity } from "../Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"
import { Reactors } from "./Reactors.ts"

const firstAfterMs = 30_000
const againMaxMs = 600_000

const reason = "its machine was reached again"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const log = yield* EventLog
    const clouds = yield* Clouds
    const { actor } = yield* Identity
    const { areOn } = yield* Reactors
    if (!areOn) return
    const fibers = yield* FiberMap.make<NodeId>()
    const run = yield* FiberMap.runtime(fibers)<never>()

    const released = ({ cluster, node, rank }: Abandoned) =>
      log.decide(({ clusters }) => {
        if (!HashMap.has(clusters.abandoned, node)) return Result.succeed(undefined)
        const event = { _tag: "NodeReleased", cluster, rank, node, reason } as const
        return Result.succeed({ events: [[streamOf(cluster), event] as const], operation: null, causedBy: 0, actor, expect: [] })
      })

    const end = Effect.fn("Abandoned.end")(function* (one: Abandoned) {
      const { cloud, cluster, clusterName, ...place } = one
      const tags = { log: log.world().clusters.log, cluster, clusterName }
      for (let waitMs = firstAfterMs; ; waitMs = Math.min(againMaxMs, waitMs * 2)) {
        yield* Effect.sleep(waitMs)
        const ended = yield* Effect.option(clouds.get(cloud)?.terminate({ tags, ...place }) ?? Effect.fail(undefined))
        if (Option.isSome(ended)) break
      }
      yield* Effect.orDie(released(one))
    })

    const look = ({ clusters }: World) => {
      for (const [node, one] of clusters.abandoned) if (!FiberMap.hasUnsafe(fibers, node)) run(node, end(one))
    }
    const stop = log.follow((_, world) => look(world))
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    look(log.world())
  })
)
