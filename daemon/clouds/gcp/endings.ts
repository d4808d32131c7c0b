/**
 * How instances ended, as the operations of their zone tell it: an instance that is gone says nothing any more, and one that is off does
 * not say why. Pure.
 */
import { unwanted } from "../../rented/unwanted.ts"
import type { CloudError } from "../Cloud.ts"
import { type Instance, lastPart, type Operation } from "./api.ts"
import { refusedBy } from "./errors.ts"
import { failureOf } from "./failures.ts"

export interface Ending {
  /** `gone`: nothing is left of it; `never`: it did not begin; `forgotten`: it is off, and GCP keeps that for two weeks only. */
  readonly how: "preempted" | "itself" | "host" | "stopped" | "suspended" | "gone" | "never" | "forgotten"
  /** Who asked for it. */
  readonly by: string | null
  readonly atMs: number
  /** Of one that did not begin. */
  readonly failure: CloudError | null
}

const kinds: Readonly<Record<string, Ending["how"]>> = {
  "compute.instances.preempted": "preempted",
  "compute.instances.guestTerminate": "itself",
  "compute.instances.hostError": "host",
  "compute.instances.terminateOnHostMaintenance": "host",
  stop: "stopped",
  suspend: "suspended",
  delete: "gone"
}
/** From then on it runs, and what ended it before says nothing. */
const beginnings: ReadonlyArray<string> = ["insert", "start", "resume", "compute.instances.automaticRestart"]

const ms = (stamp: string | null | undefined) => Date.parse(stamp ?? "") || 0
/** When it was over; of one that goes on, when it was asked for. */
const atOf = ({ endTime, insertTime }: Operation) => ms(endTime) || ms(insertTime)

const hasBegun = (operation: Operation) =>
  beginnings.includes(operation.operationType ?? "") && operation.status === "DONE" && failureOf(operation) === null

const endingOf = (operation: Operation): Ending | null => {
  const { operationType, status, user } = operation
  const failure = failureOf(operation)
  const how = operationType === "insert" ? (failure === null ? undefined : "never") : kinds[operationType ?? ""]
  if (how === undefined || (how !== "never" && failure !== null)) return null
  // What is only on its way is not yet gone.
  if (how === "gone" && status !== "DONE") return null
  return { how, by: user === "system" ? null : (user ?? null), atMs: atOf(operation), failure }
}

/** That one is over says more than what led there: a spot machine that is taken back is then deleted. */
const why: ReadonlyArray<Ending["how"]> = ["preempted", "itself", "host", "never"]

const inTime = (operations: ReadonlyArray<Operation>) => operations.toSorted((a, b) => ms(a.insertTime) - ms(b.insertTime))

/** Of each instance the last one since it last began, by its name. */
export const endingsOf = (operations: ReadonlyArray<Operation>): ReadonlyMap<string, Ending> => {
  const found = new Map<string, Ending>()
  for (const operation of inTime(operations)) {
    const ending = endingOf(operation)
    const name = lastPart(operation.targetLink)
    if (hasBegun(operation)) found.delete(name)
    if (ending === null) continue
    const before = found.get(name)
    const isByCloud = ending.how === "gone" && ending.by === null && before !== undefined && why.includes(before.how)
    found.set(name, isByCloud ? { ...before, atMs: ending.atMs } : ending)
  }
  return found
}

/** Whether nothing is left of what ended so. Spot machines are deleted as they are taken back, and not every list has that as well. */
export const isOver = (ending: Ending | undefined): boolean => ending !== undefined && ["gone", "never", "preempted"].includes(ending.how)

type Stamps = Pick<Instance, "lastStartTimestamp" | "lastStopTimestamp" | "lastSuspendedTimestamp" | "name" | "status">

const isSuspended = ({ status }: Stamps) => status === "SUSPENDED"
/** Since when it is off, as it says itself; 0 where it does not. */
const offSince = (one: Stamps) => ms(isSuspended(one) ? one.lastSuspendedTimestamp : one.lastStopTimestamp)

/** Another one whenever it goes off: neither a suspension moves when it was last stopped, nor a stop when it was last suspended. */
export const endedKey = (one: Stamps): string => [one.name, one.status, offSince(one), ms(one.lastStartTimestamp)].join(" ")

/**
 * Of one that is off what ended it: the last that fits how it is, since it last began. That it began may not be listed yet, or not any
 * more, where its end before is: so what was over before its own stamps say that it ran is of an earlier end. They are GCP's, as those of
 * operations are.
 */
export const endingOfOff = (one: Stamps, operations: ReadonlyArray<Operation>): Ending | undefined => {
  const kindsNow = isSuspended(one) ? ["suspended"] : ["preempted", "itself", "host", "stopped"]
  const ranAfterMs = Math.max(ms(one.lastStartTimestamp), ms(isSuspended(one) ? one.lastStopTimestamp : one.lastSuspendedTimestamp))
  const own = operations.filter(
    (operation) => lastPart(operation.targetLink) === one.name && (atOf(operation) >= ranAfterMs || hasBegun(operation))
  )
  const ending = endingsOf(own).get(one.name ?? "")
  return ending !== undefined && kindsNow.includes(ending.how) ? ending : undefined
}

const keptForMs = 14 * 86_400_000

/**
 * Whether GCP has forgotten how it came to be off: by GCP's own clock (`gcpNowMs`, null where it has not told it) that is too long ago,
 * and it remembers nothing of it from before that, not even that it was made. Not of one that was suspended since it was last started: it
 * may have been off in that way, and stopped after weeks.
 */
export const isForgotten = (one: Stamps, operations: ReadonlyArray<Operation>, gcpNowMs: number | null): boolean => {
  const sinceMs = offSince(one)
  if (gcpNowMs === null || sinceMs === 0 || gcpNowMs - sinceMs < keptForMs) return false
  if (isSuspended(one) || ms(one.lastSuspendedTimestamp) > ms(one.lastStartTimestamp)) return false
  return !operations.some((operation) => lastPart(operation.targetLink) === one.name && ms(operation.insertTime) <= sinceMs)
}
export const forgotten = (one: Stamps): Ending => ({ how: "forgotten", by: null, atMs: offSince(one), failure: null })

/** `selfDelete`: the account of `gcp.self_delete`. A job has it too, so that nobody but the account is certain. */
export const inWords = (ending: Ending | undefined, selfDelete: string | null = null): string => {
  switch (ending?.how) {
    case "preempted":
      return "GCP took the spot machine back"
    case "itself":
      return "by itself"
    case "host":
      return "its host failed"
    case "never":
      return `it did not begin: ${ending.failure?.message}`
    case "forgotten":
      return "GCP has forgotten how"
    case "suspended":
      return ending.by === null ? "suspended by GCP itself" : `suspended by a call to GCP of ${ending.by}`
    case "stopped":
    case "gone":
      if (ending.by !== null && ending.by === selfDelete)
        return `by ${ending.by}, as which machines delete themselves at autodown (gcp.self_delete)`
      return ending.by === null ? "by GCP itself" : `by a call to GCP of ${ending.by}`
    default:
      return "GCP does not say why"
  }
}

const isByUser = ({ by, how }: Ending) => (how === "stopped" || how === "suspended" || how === "gone") && by !== null

/**
 * Of those that ended before they ran: what the cloud would have said, had it known that when it was asked. The first of them tells why,
 * rather one that nobody asked for: what is left of a gang is ended by us. Undefined: none of these has ended. `madeBy`: what was asked
 * for before that says nothing.
 */
export const refusalOf = (
  names: ReadonlyArray<string>,
  operations: ReadonlyArray<Operation>,
  madeBy: ReadonlyMap<string, Operation> = new Map()
): CloudError | undefined => {
  const all = inTime(operations).flatMap((operation) => {
    const [name, ending] = [lastPart(operation.targetLink), endingOf(operation)]
    const isOfIt = ms(operation.insertTime) >= ms(madeBy.get(name)?.insertTime)
    return ending !== null && names.includes(name) && isOfIt ? [{ name, ending }] : []
  })
  const [first] = [...all.filter(({ ending }) => !isByUser(ending)), ...all]
  if (first === undefined) return undefined
  const { ending, name } = first
  const message = `${name} ended as it began: ${inWords(ending)}`
  if (isByUser(ending)) return unwanted("RESOURCE_NOT_READY", message)
  const failure = ending.failure?.kind === "Transient" ? refusedBy(ending.failure.code, ending.failure.message) : ending.failure
  return failure ?? refusedBy(ending.how === "preempted" ? "PREEMPTED" : "RESOURCE_NOT_READY", message)
}
