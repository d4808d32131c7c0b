/** Which nodes their head does not reach, and why, as far as it says so soon: who asks does not wait longer for it. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import type { Unreached } from "../../../sdk/agent/protocol.ts"
import type { AgentError, AgentLink } from "./AgentLink.ts"

const maxMs = 2000
/** One that is only on its way there has no reason yet: longer than an attempt to connect takes. */
const settledMaxMs = 15_000
const againMs = 100
const none = (): Unreached["nodes"] => []

export const soon = <E>(asked: Effect.Effect<Unreached["nodes"], E>) =>
  asked.pipe(Effect.timeoutOrElse({ duration: maxMs, orElse: () => Effect.sync(none) }), Effect.orElseSucceed(none))

/** A node that another one has taken the place of is not counted against that. */
export const unreachedBy = (head: AgentLink, row: Pick<ClusterRow, "nodes">): Effect.Effect<Unreached["nodes"], AgentError> => {
  const isOld = (rank: number, id: string) => row.nodes.some(({ node, rank: own }) => own === rank && node !== id)
  return Effect.map(head.request("unreached", {}), ({ nodes }) =>
    nodes.filter(({ node, rank }) => node === undefined || !isOld(rank, node))
  )
}

/** Once it has come to each of them, or knows why not. */
export const unreachedAtLast = (asked: Effect.Effect<Unreached["nodes"], AgentError>) => {
  const settled = Effect.gen(function* () {
    for (;;) {
      const nodes = yield* soon(asked)
      if (nodes.every(({ why }) => why !== null)) return nodes
      yield* Effect.sleep(againMs)
    }
  })
  return Effect.map(Effect.timeoutOption(settled, settledMaxMs), Option.getOrElse(none))
}
