/** What to record when an action failed: that it did, and after some tries the end of the operation that waits for it. Pure. */
import type { Event } from "../../events/Event.ts"
import type { NodeToken, OperationId } from "../../events/ids.ts"
import type { ClusterRow, NodeRow } from "../../projections/ClusterRow.ts"
import { mayMove, workOf } from "../../projections/cluster-status.ts"
import { InternalError, recordError } from "../../sdk/protocol/errors.ts"
import { portsBeyond } from "../../task/ports.ts"
import { autodownOf } from "./autodown-of.ts"
import { type Facts, seen } from "./facts.ts"
import { type Failed, failure, isEnding, isUnborn } from "./failure.ts"
import type { Action } from "./plan.ts"

/** Tries of one action before its operation fails. What is wanted stays wanted, and is tried on with backoff. */
const triesMax = 5
/** Of asking a place that has no answer, or is too busy for one: a minute, where each try is over soon. */
const askedMax = 8
/**
 * Where the tries take so long, or another place of that cloud was waited for in vain, fewer do: what the one suffers from may be this
 * one's too.
 */
const askedMaxMs = 60_000
const askedMin = 3
/** Of a place that is at it: a copy of a large disk. */
const goesOnMaxMs = 6 * 3_600_000
/** And how long a machine that was there is waited for, when it is not reached: by no number of tries does a link come back sooner. */
const awayMaxMs = 10 * 60_000
/** Who waits for it goes on soon after it is back. */
const awayBackoffMaxMs = 10_000
/** Of an end of machines that did not answer before it was asked for. */
const triesMaxAway = 2
const backoffFirstMs = 500
const backoffMaxMs = 60_000
/** Between looks at what is there and may not be looked at. */
const refusedPauseMs = 5_000

export const backoffMs = (tries: number): number => Math.min(backoffMaxMs, backoffFirstMs * 2 ** (tries - 1))

export const retryMs = ({ away, forbidden, goesOn, tries }: Pick<Failed, "away" | "forbidden" | "goesOn" | "tries">): number => {
  if (goesOn && forbidden) return refusedPauseMs
  return away === undefined ? backoffMs(tries) : Math.min(awayBackoffMaxMs, backoffMs(tries))
}

/** A search that waits for one place all the time finds no other. */
const mayPass = (row: ClusterRow, { _tag }: Action): boolean => {
  const [active] = workOf(row)
  return _tag === "Provision" && row.wanted === "up" && active !== undefined && mayMove(row, active)
}

const isLongAsked = (row: ClusterRow, token: NodeToken, { goesOn, nowMs, tries }: Failed): boolean => {
  const asked = row.pending.find((pending) => pending.token === token)
  const askedMs = nowMs - (asked?.sinceMs ?? nowMs)
  if (goesOn) return askedMs >= goesOnMaxMs
  const isBeside = row.refusals.some(({ offer, want }) => want === "answer" && offer.cloud === asked?.offer.cloud)
  return tries >= (isBeside || askedMs >= askedMaxMs ? askedMin : askedMax)
}

/** What it may have given all the same is looked for, and ended; the place is asked again when all are. */
const passedOver = (row: ClusterRow, token: NodeToken, message: string): ReadonlyArray<Event> =>
  row.pending
    .filter((pending) => pending.token === token)
    .flatMap(
      ({ offer }): ReadonlyArray<Event> => [
        ...unanswered(row, token, message),
        { _tag: "PlacePassedOver", cluster: row.id, offer, code: "NoAnswer", message, want: "answer" }
      ]
    )

const waitsItOut = (row: ClusterRow, { _tag }: Action): boolean => {
  const request = workOf(row)[0]?.request
  const canWait = request?._tag === "LaunchRequested" || request?._tag === "StartRequested"
  return canWait && request.retryUntilUp && (_tag === "Provision" || _tag === "StartNodes")
}

/** A node whose end the cloud did not confirm is dropped all the same, and named. */
export const abandoned = (row: ClusterRow, { node, rank }: NodeRow, message: string): Event =>
  row.wanted === "gone"
    ? { _tag: "NodeAbandoned", cluster: row.id, node, rank, reason: message }
    : { _tag: "NodeStopped", cluster: row.id, node, rank, reason: `not confirmed by the cloud: ${message}`, confirmed: false }

/** What was asked for and never answered is dropped, and named. */
const unanswered = (row: ClusterRow, token: NodeToken, reason: string): ReadonlyArray<Event> =>
  row.pending
    .filter((pending) => pending.token === token)
    .map(({ ranks }) => ({ _tag: "RequestAbandoned", cluster: row.id, token, ranks, reason }))

/** Done for an operation alone: once that is over, nobody tries it again. */
const forOperation = new Set<Action["_tag"]>(["ClearPlace", "NextPlace", "NextRound", "OpenPorts", "Sync", "Mount"])

/** Said when it is news. */
const isNews = (row: ClusterRow, { message }: Failed) => row.trouble?.message !== message
const retryAt = (failed: Failed) => ({ retryAtMs: Math.trunc(failed.nowMs + retryMs(failed)) })

const actionFailed = (row: ClusterRow, action: Action, failed: Failed, again = true): ReadonlyArray<Event> => {
  const { credentials, keyLost, message } = failed
  const why = { ...(credentials && { credentials }), ...(keyLost && { keyLost }) }
  const said = { _tag: "ActionFailed", cluster: row.id, action: action._tag, message, ...why } as const
  return isNews(row, failed) ? [again ? { ...said, ...retryAt(failed) } : said] : []
}

/** A launch that its cloud refused the autostop of is over before its autodown was more than that: what it asked for stays wanted. */
const stillWanted = (row: ClusterRow, { _tag }: Action, final: boolean): ReadonlyArray<Event> => {
  const request = workOf(row)[0]?.request
  if (_tag !== "Arm" || !final || request?._tag !== "LaunchRequested") return []
  return autodownOf(row, request).filter(({ idleMinutes }) => row.autostop?.idleMinutes === idleMinutes && !row.autostop.down)
}

/** Said after the end of its launch, which leaves it open. What another launch may have opened is looked at. */
const notOpened = (row: ClusterRow, action: Action, isRefused = false): ReadonlyArray<Event> => {
  if (!isRefused || action._tag !== "OpenPorts") return []
  const ports = portsBeyond(row.portsInDoubt?.ports ?? [], action.ports)
  return ports.length === 0 ? [] : [{ _tag: "PortsNotOpened", cluster: row.id, ports }]
}

/** What failed is skyd itself, in making the plan or at following it: whatever waits for this cluster would wait for ever. */
export const giveUpDefect = (row: ClusterRow, failed: Failed): Facts => {
  const error = new InternalError({
    message: `${row.name}: ${failed.message}`,
    hint: `sky daemon logs shows more. ${row.name} is kept as it is. Try again, or end it: sky down ${row.name}`
  })
  const over = failed.tries >= triesMax ? row.operations : []
  const ended = over.map(({ id }): readonly [Event, OperationId] => [{ _tag: "OperationFailed", error: recordError(error) }, id])
  const said: Event = { _tag: "ReactorFailed", cluster: row.id, message: failed.message, ...retryAt(failed) }
  return seen(null, [...(isNews(row, failed) ? [said] : []), ...ended])
}

export const giveUp = (
  row: ClusterRow,
  action: Action,
  failed: Failed & { readonly final: boolean; readonly notOpened?: boolean }
): Facts => {
  const { away, final, message, nowMs, tries } = failed
  const ranks = action._tag === "StopNodes" || action._tag === "ReleaseNodes" ? action.ranks : []
  if (ranks.length > 0 && row.purge) {
    const left = row.nodes.filter(({ rank }) => ranks.includes(rank)).map((node) => abandoned(row, node, message))
    return seen(workOf(row)[0]?.id ?? null, left)
  }
  if (action._tag === "AskOnce") return seen(null, unanswered(row, action.token, message))
  const active = workOf(row)
  // Nobody waits long for what is known to be away: what is wanted is tried on.
  const isAway = row.nodes.some(({ rank, ready, reason }) => ranks.includes(rank) && !ready && reason !== null)
  const isLong = action._tag === "Provision" ? isLongAsked(row, action.token, failed) : tries >= (isAway ? triesMaxAway : triesMax)
  // One try is none: the daemon, or all of its machine, may have slept.
  const isOver = away === undefined ? isLong : tries > 1 && nowMs - away.sinceMs >= awayMaxMs
  const said = actionFailed(row, action, failed)
  if (action._tag === "Provision" && mayPass(row, action) && isOver)
    return seen(active[0]?.id ?? null, [...said, ...passedOver(row, action.token, message)])
  if (!final && (!isOver || waitsItOut(row, action))) return seen(active[0]?.id ?? null, said)
  const isWhole = isEnding(action) || action._tag === "ClearPlace" || isUnborn(row, action)
  const error = recordError(failure(row, action, failed))
  const waiting = action._tag === "Arm" ? row.operations.filter(({ method }) => method === "autostop") : []
  const ended = [...(isWhole ? active : active.slice(0, 1)), ...waiting].map(({ id }) => [{ _tag: "OperationFailed", error }, id] as const)
  const dropped = action._tag === "Provision" && isUnborn(row, action) ? unanswered(row, action.token, message) : []
  const wanted = stillWanted(row, action, final)
  // Another wish is refused anew.
  const since = wanted.length > 0 ? { ...row, trouble: null } : row
  const failing = actionFailed(since, action, failed, !forOperation.has(action._tag))
  return seen(active[0]?.id ?? null, [...wanted, ...failing, ...dropped, ...ended, ...notOpened(row, action, failed.notOpened)])
}
