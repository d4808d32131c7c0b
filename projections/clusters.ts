/** The live clusters: what `status` prints, what commands are decided on, and what reactors plan from. */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { ClusterId, ClusterName } from "../events/ids.ts"
import type { Recorded } from "../events/Recorded.ts"
import type { ClusterRow } from "./ClusterRow.ts"
import { blank, next } from "./cluster-facts.ts"
import type { Projection } from "./Projection.ts"

/** Persistent maps: copying a `Map` on every event costs seven times as much at 5,000 rows. */
export interface Clusters {
  readonly rows: HashMap.HashMap<ClusterId, ClusterRow>
  /** Names of clusters that are not gone. */
  readonly names: HashMap.HashMap<ClusterName, ClusterId>
  /** The log's id, in its first event. */
  readonly log: string
}

export const rowOf = (clusters: Clusters, id: ClusterId): ClusterRow | undefined => Option.getOrUndefined(HashMap.get(clusters.rows, id))

export const rowNamed = (clusters: Clusters, name: string): ClusterRow | undefined => {
  const id = HashMap.get(clusters.names, name as ClusterName)
  return Option.isSome(id) ? rowOf(clusters, id.value) : undefined
}

/** The cluster whose stream this is. */
export const clusterOfStream = (stream: string): ClusterId | undefined =>
  stream.startsWith("cluster/") ? (stream.slice("cluster/".length) as ClusterId) : undefined

/** Which cluster a fact is about: its stream says, or the fact itself when it was copied from a journal. */
export const clusterOf = ({ event, stream }: Recorded): ClusterId | undefined =>
  "cluster" in event ? event.cluster : clusterOfStream(stream)

export const clusters: Projection<Clusters> = {
  name: "clusters",
  version: 5,
  empty: { rows: HashMap.empty(), names: HashMap.empty(), log: "" },
  apply: (state, recorded) => {
    const { event } = recorded
    if (event._tag === "LogCreated") return { ...state, log: event.log }
    const id = clusterOf(recorded)
    if (id === undefined) return state
    const before =
      event._tag === "ClusterCreated"
        ? blank(id, event.name, recorded.atMs, recorded.seq)
        : Option.getOrUndefined(HashMap.get(state.rows, id))
    if (before === undefined) return state
    const after = next(before, recorded)
    if (after === undefined) return { ...state, rows: HashMap.remove(state.rows, id), names: HashMap.remove(state.names, before.name) }
    const lastSeq = recorded.stream.startsWith("cluster/") ? recorded.seq : after.lastSeq
    const rows = HashMap.set(state.rows, id, { ...after, lastSeq })
    return event._tag === "ClusterCreated" ? { ...state, rows, names: HashMap.set(state.names, event.name, id) } : { ...state, rows }
  }
}
