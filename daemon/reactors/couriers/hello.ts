/** The first words with an agent that is to work: one that was halted for an end that did not come about takes jobs again. */
import * as Effect from "effect/Effect"
import type { ClusterRow, NodeRow } from "../../../projections/ClusterRow.ts"
import type { AgentLink } from "./AgentLink.ts"

export const helloOf = (link: AgentLink, row: Pick<ClusterRow, "id">, { node }: Pick<NodeRow, "node">) =>
  Effect.tap(link.ask("hello", { cluster: row.id, node }), ({ halted, rank }) =>
    halted && rank === 0 ? link.ask("resume", {}) : Effect.void
  )
