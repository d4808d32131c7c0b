/**
 * A cluster that a refresh has just seen, by its owner's credentials: what was said of it while that could not be is not so any more, and
 * is not told, although what comes of it is still under way. Pure.
 */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { withoutNotKnown } from "../../projections/not-known.ts"

export const asSeen = (row: ClusterRow): ClusterRow => ({
  ...row,
  trouble: row.trouble?.credentials == null ? row.trouble : null,
  nodes: row.nodes.map((node) => ({ ...node, reason: withoutNotKnown(node.reason) }))
})
