/**
 * Of a stopped cluster whose start was refused for want of credentials or rights, and that a refresh has just seen: its cloud can be asked,
 * so what was said of that, and of the way on, was so then. Pure.
 */
import type { ClusterRow } from "../../projections/ClusterRow.ts"

export const startAsSeen = (row: ClusterRow): ClusterRow => {
  const { refused, stoppedReason } = row
  if (refused === null || refused.message !== stoppedReason || refused.scope !== "cloud" || refused.want !== null) return row
  const message = `its cloud can be asked now, and said then: ${refused.message}`
  return { ...row, refused: { ...refused, message }, stoppedReason: message }
}
