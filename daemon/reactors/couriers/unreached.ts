/** Which nodes their head does not reach, and why, as far as it says so soon: who asks does not wait longer for it. */
import * as Effect from "effect/Effect"
import type { Unreached } from "../../../sdk/agent/protocol.ts"
import type { AgentLink } from "../../AgentLink.ts"

const maxMs = 2000
const none = (): Unreached["nodes"] => []

export const soon = <E>(asked: Effect.Effect<Unreached["nodes"], E>) =>
  asked.pipe(Effect.timeoutOrElse({ duration: maxMs, orElse: () => Effect.sync(none) }), Effect.orElseSucceed(none))

export const unreachedBy = (head: AgentLink) => Effect.map(head.request("unreached", {}), ({ nodes }) => nodes)
