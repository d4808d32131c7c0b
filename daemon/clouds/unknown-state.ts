/** What is said of a node of which its cloud says nothing. */
import type { NodeRef, NodeState } from "./Cloud.ts"

export const unknownState = ({ node, rank }: NodeRef, reason: string): NodeState => ({
  rank,
  node,
  state: "unknown",
  address: null,
  reason,
  down: false
})
