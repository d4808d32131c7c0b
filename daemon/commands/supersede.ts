/** Ends the operations that work on a cluster, because another one wants the opposite. */
import type { Event } from "../../events/Event.ts"
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { mayBeOpen } from "../../projections/open-ports.ts"

export const supersede = (row: ClusterRow, methods: string, by: string): ReadonlyArray<readonly [Event, OperationId]> =>
  row.operations
    .filter(({ method }) => methods.split(" ").includes(method))
    .map((active) => {
      // A down closes them.
      const ports = by === "down" ? "" : mayBeOpen(row, active)
      return [{ _tag: "OperationCancelled", reason: `superseded by sky ${by} ${row.name}${ports}`, by: null }, active.id] as const
    })
