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
    for (const old of states.keys()) if (states.size > tokensMax && old !== token) states.delete(old)
    return state
  }
}
