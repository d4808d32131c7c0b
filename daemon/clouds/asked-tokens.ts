/** What is kept in mind of each token that machines were asked for under. A token from before `sinceMs` may have been sent by an earlier daemon. */
import { decodeTime } from "ulid"
import type { NodeToken } from "../../events/ids.ts"

/** Of one that is forgotten it would not be known that an answer is missing. */
const tokensMax = 100_000

export const askedTokens = <State>(sinceMs: number, first: (isOld: boolean) => State) => {
  const states = new Map<NodeToken, State>()
  return (token: NodeToken): State => {
    const state = states.get(token) ?? first(decodeTime(token) < sinceMs)
    states.set(token, state)
    for (const old of states.keys()) if (states.size > tokensMax && old !== token) states.delete(old)
    return state
  }
}
