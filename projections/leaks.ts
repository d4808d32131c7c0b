/** What clouds were told to end that no cluster has, and nothing was heard of: who goes on with it is the daemon, this one or the next. */
import * as HashMap from "effect/HashMap"
import type { LeakEndRequested } from "../events/leak.ts"
import type { Projection } from "./Projection.ts"

export type LeakEnding = typeof LeakEndRequested.Type

export interface LeakEnds {
  /** By cloud and by its name there. */
  readonly open: HashMap.HashMap<string, LeakEnding>
}

export const leakKey = ({ cloud, id }: Pick<LeakEnding, "cloud" | "id">): string => JSON.stringify([cloud, id])

export const leakEnds: Projection<LeakEnds> = {
  name: "leakEnds",
  version: 1,
  empty: { open: HashMap.empty() },
  apply: (state, { event }) => {
    switch (event._tag) {
      case "LeakEndRequested":
        return { open: HashMap.set(state.open, leakKey(event), event) }
      case "LeakEnded":
      case "LeakKept":
        return { open: HashMap.remove(state.open, leakKey(event)) }
      // Somebody wants it after all.
      case "ClusterAdopted":
        return { open: HashMap.filter(state.open, ({ cluster }) => cluster !== event.cluster) }
      default:
        return state
    }
  }
}
