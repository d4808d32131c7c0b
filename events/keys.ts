/**
 * Which keys a fact moves. An append names the keys that its decision read, with their positions;
 * the log's writer refuses it when one of them has moved since.
 */
import type { Recorded, StreamName } from "./Recorded.ts"

export type Key = StreamName | `name/${string}` | `request/${string}`

export const nameKey = (name: string): Key => `name/${name}`
/** The name that a key is about; empty for any other key. */
export const nameOf = (key: Key): string => (key.startsWith("name/") ? key.slice("name/".length) : "")
export const requestKey = (requestId: string): Key => `request/${requestId}`

/** Keys that a fact gives back: their position is 0 again. */
export const freedKeysOf = ({ event }: Recorded): ReadonlyArray<Key> => (event._tag === "ClusterGone" ? [nameKey(event.name)] : [])

/** Besides its own stream: a cluster's birth takes its name, a request takes its id. */
export const keysOf = ({ event, stream }: Recorded): ReadonlyArray<Key> => {
  switch (event._tag) {
    case "ClusterCreated":
    case "ClusterAdopted":
      return [stream, nameKey(event.name)]
    case "OperationRequested":
      return [stream, requestKey(event.requestId)]
    default:
      return [stream]
  }
}
