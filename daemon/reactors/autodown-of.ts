/** The autodown that a launch asks for where its cluster is; none where it asks for none. Pure. */
import type { AutostopSet } from "../../events/autostop.ts"
import type { LaunchRequested } from "../../events/launch.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { armedMinutes } from "../../task/autostop.ts"
import { autostopAt } from "../commands/autostop-at.ts"

export const autodownOf = ({ id, offer }: ClusterRow, request: typeof LaunchRequested.Type): ReadonlyArray<typeof AutostopSet.Type> => {
  const { down, idleMinutes: asked } = autostopAt(request, offer)
  if (!down) return []
  const idleMinutes = armedMinutes({ idleMinutesToAutostop: asked, down }) ?? 1
  return [{ _tag: "AutostopSet", cluster: id, idleMinutes, down: true }]
}
