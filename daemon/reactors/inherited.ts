/**
 * What an earlier daemon may have had on its way as it ended: machines that it asked for, and such as it told to start. What comes of that
 * may come late, whatever is seen before.
 */
import * as Effect from "effect/Effect"
import type { NodeId, NodeToken } from "../../events/ids.ts"
import { type Clusters, underWay } from "../../projections/clusters.ts"
import { steadyMs } from "../steady-ms.ts"

/** By then it has come, or never comes. */
const lateMs = 60_000

export const makeInherited = Effect.fnUntraced(function* (clusters: Clusters) {
  const bornMs = yield* steadyMs
  const { nodes, tokens } = underWay(clusters)
  return {
    hasAsked: (token: NodeToken): boolean => tokens.has(token),
    mayStart: (node: NodeId): boolean => nodes.has(node),
    /** It runs, or is off. */
    known: (node: NodeId) => Effect.map(steadyMs, (nowMs) => void (nowMs - bornMs > lateMs && nodes.delete(node)))
  }
})
export type Inherited = Effect.Success<ReturnType<typeof makeInherited>>
