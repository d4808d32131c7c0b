/** What a node is waited for in the middle of what its cloud was asked: said by the cloud, heard by who knows for which operation. */
import * as Context from "effect/Context"
import type { NodeId } from "../../events/ids.ts"

export interface Waiting {
  readonly begun: (node: NodeId, what: string, sinceMs: number) => void
  readonly over: (node: NodeId) => void
}
export const Waiting = Context.Reference<Waiting>("skyd/daemon/clouds/Waiting", {
  defaultValue: () => ({ begun: () => {}, over: () => {} })
})
