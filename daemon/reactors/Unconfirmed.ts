/**
 * Looks at what a purge called stopped without its cloud's word: it may run, and cost. Looked at for ever, seldom, until the cloud has said
 * what it is; what is then learned is a fact, and one that runs all the same is up.
 */
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import type { ClusterId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { unconfirmedOf } from "../../projections/cluster-status.ts"
import { clusterOf, rowOf } from "../../projections/clusters.ts"
import { EventLog } from "../log/EventLog.ts"
import { Couriers } from "./couriers/Couriers.ts"
import { Reactors } from "./Reactors.ts"

const firstAfterMs = 30_000
const againMaxMs = 600_000

const isUnsure = (row: ClusterRow | undefined): boolean => row?.concluded === true && unconfirmedOf(row).length > 0

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const couriers = yield* Couriers
  const { areOn } = yield* Reactors
  if (!areOn) return
  const fibers = yield* FiberMap.make<ClusterId>()
  const run = yield* FiberMap.runtime(fibers)<never>()
  const rowNow = (cluster: ClusterId) => rowOf(log.world().clusters, cluster)

  const watch = Effect.fnUntraced(function* (cluster: ClusterId) {
    for (let waitMs = firstAfterMs; isUnsure(rowNow(cluster)); waitMs = Math.min(againMaxMs, waitMs * 2)) {
      yield* Effect.sleep(waitMs)
      if (isUnsure(rowNow(cluster))) yield* couriers.observe(cluster)
    }
  })

  const look = (cluster: ClusterId) => {
    if (isUnsure(rowNow(cluster)) && !FiberMap.hasUnsafe(fibers, cluster)) run(cluster, watch(cluster))
  }
  const stop = log.follow((group) => {
    for (const cluster of new Set(group.map(clusterOf))) if (cluster !== undefined) look(cluster)
  })
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  for (const cluster of HashMap.keys(log.world().clusters.rows)) look(cluster)
})

export const layer = Layer.effectDiscard(make)
