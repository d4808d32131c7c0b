/**
 * How instances ended, as the operations of their zone tell it: an instance that is gone says nothing any more, and one that is off does
 * not say why. Pure.
 */
import { unwanted } from "../../rented/unwanted.ts"
import type { CloudError } from "../Cloud.ts"
import { lastPart, type Operation } from "./api.ts"
import { refusedBy } from "./errors.ts"
import { failureOf } from "./operation-failure.ts"

export interface Ending {
  /** `gone`: nothing is left of it; `never`: it did not begin; `forgotten`: it is off, and GCP keeps that for two weeks only. */
  readonly how: "preempted" | "itself" | "host" | "stopped" | "gone" | "never" | "forgotten"
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
  suspend: "stopped",
  delete: "gone"
}

const endingOf = (operation: Operation): Ending | null => {
  const { endTime, insertTime, operationType, status, user } = operation
  const failure = failureOf(operation)
  const how = operationType === "insert" ? (failure === null ? undefined : "never") : kinds[operationType ?? ""]
  if (how === undefined || (how !== "never" && failure !== null)) return null
  // What is only on its way is not yet gone.
  if (how === "gone" && status !== "DONE") return null
  const atMs = Date.parse(endTime ?? "") || Date.parse(insertTime ?? "") || 0
  return { how, by: user === "system" ? null : (user ?? null), atMs, failure }
}

/** That one is over says more than what led there: a spot machine that is taken back is then deleted. */
const why: ReadonlyArray<Ending["how"]> = ["preempted", "itself", "host", "never"]

const inTime = (operations: ReadonlyArray<Operation>) =>
  operations.toSorted((a, b) => Date.parse(a.insertTime ?? "") - Date.parse(b.insertTime ?? ""))

/** Of each instance the last one, by its name. */
export const endingsOf = (operations: ReadonlyArray<Operation>): ReadonlyMap<string, Ending> => {
  const found = new Map<string, Ending>()
  for (const operation of inTime(operations)) {
    const ending = endingOf(operation)
    const name = lastPart(operation.targetLink)
    if (operation.operationType === "start" && operation.status === "DONE") found.delete(name)
    if (ending === null) continue
    const before = found.get(name)
    const isByCloud = ending.how === "gone" && ending.by === null && before !== undefined && why.includes(before.how)
    found.set(name, isByCloud ? { ...before, atMs: ending.atMs } : ending)
  }
  return found
}

/**
 * Whether GCP has forgotten how it came to be off: it remembers nothing of it from before that, not even that it was made. Where it does,
 * the end is only not listed.
 */
export const isForgotten = (
  operations: ReadonlyArray<Pick<Operation, "insertTime" | "targetLink">>,
  name: string,
  stoppedAtMs: number
): boolean => !operations.some(({ insertTime, targetLink }) => lastPart(targetLink) === name && Date.parse(insertTime ?? "") <= stoppedAtMs)

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
    case "stopped":
    case "gone":
      if (ending.by !== null && ending.by === selfDelete)
        return `by ${ending.by}, as which machines delete themselves at autodown (gcp.self_delete)`
      return ending.by === null ? "by GCP itself" : `by a call to GCP of ${ending.by}`
    default:
      return "GCP does not say why"
  }
}

const isByUser = ({ by, how }: Ending) => (how === "stopped" || how === "gone") && by !== null

/**
 * Of those that ended before they ran: what the cloud would have said, had it known that when it was asked. The first of them tells why,
 * rather one that nobody asked for: what is left of a gang is ended by us. Undefined: none of these has ended.
 */
export const refusalOf = (names: ReadonlyArray<string>, operations: ReadonlyArray<Operation>): CloudError | undefined => {
  const all = inTime(operations).flatMap((operation) => {
    const [name, ending] = [lastPart(operation.targetLink), endingOf(operation)]
    return ending !== null && names.includes(name) ? [{ name, ending }] : []
  })
  const [first] = [...all.filter(({ ending }) => !isByUser(ending)), ...all]
  if (first === undefined) return undefined
  const { ending, name } = first
  const message = `${name} ended as it began: ${inWords(ending)}`
  if (isByUser(ending)) return unwanted("RESOURCE_NOT_READY", message)
  return ending.failure ?? refusedBy(ending.how === "preempted" ? "PREEMPTED" : "RESOURCE_NOT_READY", message)
}
