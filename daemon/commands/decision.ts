/** What a decider gets and gives. Deciders are pure: state and wish in, facts or a refusal out. */
import * as Result from "effect/Result"
import type { Event } from "../../events/Event.ts"
import type { ClusterId, OperationId } from "../../events/ids.ts"
import type { Key } from "../../events/keys.ts"
import { nameKey, requestKey } from "../../events/keys.ts"
import type { OperationRequested } from "../../events/operation.ts"
import type { StreamName } from "../../events/Recorded.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { ClusterDoesNotExist, type SkydError } from "../../sdk/protocol/errors.ts"

/** What the edge adds to a wish. */
export interface Context {
  readonly requested: typeof OperationRequested.Type
  readonly nowMs: number
  readonly user: string
}

/** No facts: there is nothing to do, and `result` is the answer. */
export interface Decision {
  readonly events: ReadonlyArray<readonly [StreamName, Event] | readonly [StreamName, Event, OperationId]>
  readonly expect: ReadonlyArray<readonly [Key, number]>
  readonly result: Readonly<Record<string, unknown>>
}
export type Decided = Result.Result<Decision, SkydError>

export const streamOf = (cluster: ClusterId): StreamName => `cluster/${cluster}` as StreamName

/** Facts about a cluster that exists: the decision holds while nothing else is recorded about it. */
export const onCluster = (
  row: ClusterRow,
  context: Context,
  events: ReadonlyArray<Event | readonly [Event, OperationId]>
): Result.Result<Decision> => {
  const stream = streamOf(row.id)
  return Result.succeed({
    events: [context.requested, ...events].map((event) =>
      "_tag" in event ? ([stream, event] as const) : ([stream, event[0], event[1]] as const)
    ),
    expect: [
      [stream, row.lastSeq],
      [nameKey(row.name), row.createdSeq],
      [requestKey(context.requested.requestId), 0]
    ],
    result: {}
  })
}

export const nothingToDo = (result: Readonly<Record<string, unknown>>): Result.Result<Decision> =>
  Result.succeed({ events: [], expect: [], result })

export const noSuchCluster = (name: string) =>
  Result.fail(new ClusterDoesNotExist({ cluster: name, message: `There is no cluster '${name}'.`, hint: "sky status lists the clusters." }))
