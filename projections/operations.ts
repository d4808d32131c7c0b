/** Requests that change something: those that run, and the last ones that ended. */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { ClusterId, OperationId, Seq } from "../events/ids.ts"
import type { RecordedError } from "../events/values.ts"
import { clusterOfStream } from "./clusters.ts"
import type { Projection } from "./Projection.ts"

/** Ended operations that stay in memory; older ones are answered from the log. */
const endedMax = 1000

export interface OperationRow {
  readonly id: OperationId
  readonly method: string
  readonly digest: string
  readonly cluster: ClusterId | undefined
  /** The name that the cluster had, once it is known. */
  readonly clusterName: string | null
  readonly requestedSeq: Seq
  readonly requestedAtMs: number
  readonly endedSeq: Seq | null
  readonly endedAtMs: number | null
  readonly outcome:
    | { readonly _tag: "running" }
    | { readonly _tag: "succeeded"; readonly result: Readonly<Record<string, unknown>> }
    | { readonly _tag: "failed"; readonly error: typeof RecordedError.Type }
    | { readonly _tag: "cancelled"; readonly reason: string }
}

export interface Operations {
  readonly rows: HashMap.HashMap<OperationId, OperationRow>
  /** Those that ended, in a ring: the place of the next one holds the oldest. An array would be copied for each. */
  readonly ended: HashMap.HashMap<number, OperationId>
  readonly endings: number
}

/** Those that run. */
export const runningIds = ({ rows }: Operations): ReadonlyArray<OperationId> =>
  [...HashMap.values(rows)].flatMap(({ id, outcome }) => (outcome._tag === "running" ? [id] : []))

/** How many run. */
export const runningCount = ({ ended, rows }: Operations): number => HashMap.size(rows) - HashMap.size(ended)

export const operationOf = (operations: Operations, id: string): OperationRow | undefined =>
  Option.getOrUndefined(HashMap.get(operations.rows, id as OperationId))

const end = (state: Operations, id: OperationId | null, seq: Seq, atMs: number, outcome: OperationRow["outcome"]): Operations => {
  // The first end holds.
  if (id === null || operationOf(state, id)?.outcome._tag !== "running") return state
  const rows = HashMap.modify(state.rows, id, (row) => ({ ...row, outcome, endedSeq: seq, endedAtMs: atMs }))
  const place = state.endings % endedMax
  const oldest = HashMap.get(state.ended, place)
  return {
    rows: Option.isSome(oldest) ? HashMap.remove(rows, oldest.value) : rows,
    ended: HashMap.set(state.ended, place, id),
    endings: state.endings + 1
  }
}

export const operations: Projection<Operations> = {
  name: "operations",
  version: 2,
  empty: { rows: HashMap.empty(), ended: HashMap.empty(), endings: 0 },
  apply: (state, { atMs, event, operation, seq, stream }) => {
    switch (event._tag) {
      case "OperationRequested": {
        const row: OperationRow = {
          id: event.requestId,
          method: event.method,
          digest: event.digest,
          cluster: clusterOfStream(stream),
          clusterName: event.clusterName,
          requestedSeq: seq,
          requestedAtMs: atMs,
          endedSeq: null,
          endedAtMs: null,
          outcome: { _tag: "running" }
        }
        return { ...state, rows: HashMap.set(state.rows, event.requestId, row) }
      }
      case "OperationSucceeded":
        return end(state, operation, seq, atMs, { _tag: "succeeded", result: event.result })
      case "OperationFailed":
        return end(state, operation, seq, atMs, { _tag: "failed", error: event.error })
      case "OperationCancelled":
        return end(state, operation, seq, atMs, { _tag: "cancelled", reason: event.reason })
      default:
        return state
    }
  }
}
