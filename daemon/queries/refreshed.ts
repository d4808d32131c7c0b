/**
 * A refresh, and what follows from it at once: that all machines of a cluster have ended makes it stopped, or gone, by a step that the
 * daemon takes right after. Who has asked is told of the cluster as it is then.
 */
import * as Effect from "effect/Effect"
import type { ClusterId } from "../../events/ids.ts"
import { rowOf } from "../../projections/clusters.ts"
import type { EventLog } from "../log/EventLog.ts"
import { plan } from "../reactors/plan.ts"
import { steadyMs } from "../steady-ms.ts"
import type { World } from "../World.ts"
import { refresh, refreshMaxMs } from "./refresh.ts"
import { until } from "./until.ts"

interface Daemon {
  readonly log: EventLog["Service"]
  /** Whether it takes any steps. */
  readonly areOn: boolean
}

/** What could not be taken is tried again, and told for what it is until then. */
const isConcluding = ({ clusters, jobs }: World, id: ClusterId): boolean => {
  const row = rowOf(clusters, id)
  return row !== undefined && row.trouble === null && plan(row, jobs)?._tag === "Conclude"
}

/** Nobody waits longer than for the refresh alone. */
export const refreshed = Effect.fn("refreshed")(function* ({ areOn, log }: Daemon, ...asked: Parameters<typeof refresh>) {
  const sinceMs = yield* steadyMs
  const found = yield* refresh(...asked)
  const [rows] = asked
  const open = areOn ? rows.filter(({ id }) => isConcluding(log.world(), id)) : []
  const isOver = (world: World) => (open.some(({ id }) => isConcluding(world, id)) ? undefined : true)
  yield* until(log, isOver, Math.max(0, refreshMaxMs - ((yield* steadyMs) - sinceMs)))
  return found
})
