/**
 * A read model: a pure fold over the log. `apply` may not read a clock, a file or a random number.
 * Bump `version` when the meaning of the fold changes; it is then rebuilt from the first event, never migrated.
 */
import type { Recorded } from "../events/Recorded.ts"

export interface Projection<State> {
  readonly name: string
  readonly version: number
  readonly empty: State
  readonly apply: (state: State, recorded: Recorded) => State
}

export const fold = <State>(projection: Projection<State>, log: Iterable<Recorded>, from: State = projection.empty): State => {
  let state = from
  for (const recorded of log) state = projection.apply(state, recorded)
  return state
}
