/** What is kept in mind of each token that machines were asked for under. */
import type { NodeToken } from "../../events/ids.ts"
import type { ProvisionRequest } from "./ProvisionRequest.ts"

/** Of one that is forgotten it would not be known that an answer is missing. */
const tokensMax = 100_000

export const askedTokens = <State>(first: (isInherited: boolean) => State) => {
  const states = new Map<NodeToken, State>()
  return ({ isInherited = false, token }: Pick<ProvisionRequest, "isInherited" | "token">): State => {
    const state = states.get(token) ?? first(isInherited)
    states.set(token, state)
    // The one that came last is not the first of many.
    if (states.size > tokensMax) states.delete(states.keys().next().value!)
    return state
  }
}
