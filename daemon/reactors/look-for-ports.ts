/**
 * Whether ports are open that a launch asked for which ended before its cloud had answered: it was killed with its daemon, or the answer
 * was lost. What an earlier daemon has sent may reach its cloud after that daemon's end, so a port that is not open is looked for again.
 */
import * as Effect from "effect/Effect"
import type { Event } from "../../events/Event.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { holdsPorts, portsBeyond } from "../../task/ports.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { asOwnerNow } from "../clouds/identities.ts"
import { seen } from "./facts.ts"
import type { Action } from "./plan.ts"
import { tagsOf } from "./raise-machines.ts"

const underWayMaxMs = 60_000

export const lookForPorts = Effect.fn("perform.lookForPorts")(function* (
  row: ClusterRow,
  { operation, ports }: Action & { readonly _tag: "LookForPorts" },
  cloud: Cloud,
  log: string
) {
  const look = cloud.openedPorts?.(tagsOf(row, log), row.offer?.region ?? null) ?? Effect.succeed(ports)
  const isSure = holdsPorts(yield* look, ports)
  if (!isSure) yield* Effect.sleep(underWayMaxMs)
  const closed = isSure ? [] : portsBeyond(yield* look, ports)
  // To others' credentials it looks as if it were not there.
  if (closed.length > 0) yield* asOwnerNow(cloud, row)
  const open = portsBeyond(closed, ports)
  const events: ReadonlyArray<Event> = [
    ...(open.length === 0 ? [] : [{ _tag: "PortsOpened" as const, cluster: row.id, ports: open }]),
    ...(closed.length === 0 ? [] : [{ _tag: "PortsNotOpened" as const, cluster: row.id, ports: closed }])
  ]
  return seen(operation, events)
})
