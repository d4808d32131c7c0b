/** The facts that close a stop, a down, or a request beside the pipeline. Pure. */
import type { Event } from "../../events/Event.ts"
import type { OperationId } from "../../events/ids.ts"
import { endedItself } from "../../projections/autostop-in-force.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { JobRow } from "../../projections/jobs.ts"
import { mayBeOpen } from "../../projections/open-ports.ts"
import { recordError } from "../../sdk/protocol/errors.ts"
import { unavailable } from "../places/unavailable.ts"
import { closing, decided, type Facts } from "./facts.ts"
import { notThere } from "./observations.ts"

/** Of what a cloud says of the ends of many machines. */
const whysMax = 3

type Ended = readonly [Event, OperationId]

const succeed = (id: OperationId, result: Readonly<Record<string, boolean>> = {}): Ended => [{ _tag: "OperationSucceeded", result }, id]
const cancel = (id: OperationId, reason: string): Ended => [{ _tag: "OperationCancelled", reason, by: null }, id]

/** Why the cluster stopped, in words for people. */
const stopReason = (row: ClusterRow): string => {
  if (row.wanted === "stopped") return row.wantedReason ?? "stopped on request"
  return row.nodes.find(({ reason, state }) => state === "stopped" && reason !== null)?.reason ?? "its machines stopped"
}

const stopped = (row: ClusterRow, unfinished: ReadonlyArray<JobRow>): Facts => {
  const reason = stopReason(row)
  return decided(null, [
    ...closing(row.id, unfinished, `the cluster was stopped: ${reason}`),
    ...row.operations.map((active) => {
      const { id, method } = active
      return method === "stop" ? succeed(id) : cancel(id, `${row.name} was stopped: ${reason}${mayBeOpen(row, active)}`)
    }),
    { _tag: "ClusterStopped", cluster: row.id, reason }
  ])
}

/** Nobody asked for it; what its cloud says of its machines' ends, if that is anything. */
const wentBecause = (row: ClusterRow): string => {
  if (!row.everUp) return "it never came up"
  const whys = row.lost.flatMap(({ reason }) => (reason === null || reason === notThere ? [] : [reason]))
  const [why] = whys
  const itself = why === undefined ? null : endedItself(row, why)
  if (itself !== null && itself !== why) return itself
  return `its machines are gone${whys.length === 0 ? "" : `: ${[...new Set(whys)].slice(0, whysMax).join("; ")}`}`
}

const gone = (row: ClusterRow, unfinished: ReadonlyArray<JobRow>): Facts => {
  const reason = row.wanted === "gone" ? (row.wantedReason ?? "torn down on request") : wentBecause(row)
  const wasLost = row.wanted !== "gone" && reason.startsWith("its machines are gone")
  return decided(null, [
    ...closing(row.id, unfinished, wasLost ? `the cluster's${reason.slice("its".length)}` : `the cluster was torn down: ${reason}`),
    ...row.operations.map(({ id, method }) => {
      if (method === "down") return succeed(id)
      return method === "stop" && row.wanted === "stopped"
        ? succeed(id, { gone: true })
        : cancel(id, `${row.name} was torn down: ${reason}`)
    }),
    { _tag: "ClusterGone", cluster: row.id, name: row.name, reason }
  ])
}

/** Who waits for its end, or else whoever waits for it, is told first what stays of it. */
export const leaving = ({ operations }: ClusterRow, left: ReadonlyArray<Event>, facts: Facts): Facts => {
  const waiting = operations.find(({ method }) => method === "down") ?? operations[0]
  const told = left.map((one) => (waiting === undefined ? one : ([one, waiting.id] as const)))
  return { ...facts, events: [...told, ...facts.events] }
}

/** What was stopped and has no machine any more, or was before it had one, is nothing that could be started. */
const isEmptied = ({ concluded, everUp, nodes, wanted }: ClusterRow) =>
  nodes.length === 0 && (wanted === "up" || (wanted === "stopped" && (concluded || !everUp)))

export const conclude = (row: ClusterRow, unfinished: ReadonlyArray<JobRow>): Facts =>
  row.wanted === "gone" || isEmptied(row) ? gone(row, unfinished) : stopped(row, unfinished)

/**
 * No place gave what was asked: the operations that wait for it are over, and a cluster that never had a node with them. One whose nodes
 * were not started is STOPPED as before. `besides`: why others could not be asked. `isCleared`: nothing that was made for it waits to be
 * removed; until then it stays, and ends with that.
 */
export const giveUpPlace = (
  row: ClusterRow,
  unfinished: ReadonlyArray<JobRow>,
  { besides = null, isCleared = true }: { readonly besides?: string | null; readonly isCleared?: boolean } = {}
): Facts => {
  const isKept = row.nodes.length > 0 && row.nodes.every(({ state }) => state === "stopped")
  const error = unavailable(row, isKept, besides)
  const never = row.nodes.length === 0 && !row.everUp
  const over = never
    ? row.operations
    : row.operations.filter(({ request }) => request?._tag === "LaunchRequested" || request?._tag === "StartRequested")
  return decided(null, [
    ...over.map(({ id }): Ended => [{ _tag: "OperationFailed", error: recordError(error) }, id]),
    ...(isKept ? stopped({ ...row, operations: row.operations.filter((operation) => !over.includes(operation)) }, unfinished).events : []),
    ...(never && isCleared ? [{ _tag: "ClusterGone" as const, cluster: row.id, name: row.name, reason: "it never came up" }] : [])
  ])
}

/** Settings that are armed, cancels whose jobs are over: each ends with its own answer. */
export const endRequests = (row: ClusterRow, ids: ReadonlyArray<OperationId>): Facts =>
  decided(
    null,
    row.operations
      .filter(({ id }) => ids.includes(id))
      .map(({ id, request }): Ended => {
        const result =
          request?._tag === "JobCancelRequested"
            ? { cancelled: [...request.jobs] }
            : { idleMinutes: row.autostop?.idleMinutes ?? -1, down: row.autostop?.down ?? false }
        return [{ _tag: "OperationSucceeded", result }, id]
      })
  )
