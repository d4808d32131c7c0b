/** What the person who waits is told of an action that failed for good: what it was, how far it came, and what to do. Pure. */
import type { CredentialFault } from "../../events/values.ts"
import { actionWords } from "../../projections/action-words.ts"
import { minutesText } from "../../projections/autostop-in-force.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { CommandError, exiting, RuntimeError, type SkydError, StopFailoverError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { placeText } from "../../task/place.ts"
import { hasPrice, priceText } from "../../task/price.ts"
import { cut } from "../../task/sentence.ts"
import { hasRun } from "../../task/Task.ts"
import { CloudError } from "../clouds/Cloud.ts"
import type { Away } from "./away.ts"
import type { Action } from "./plan.ts"

export interface Failed {
  readonly message: string
  readonly tries: number
  readonly nowMs: number
  readonly away?: Away | undefined
  /** It was refused. */
  readonly final?: boolean
  /** Its cloud is at it. */
  readonly goesOn?: boolean
  /** For want of rights or of a key. */
  readonly forbidden?: boolean
  readonly credentials?: CredentialFault | undefined
  readonly keyLost?: boolean | undefined
}

/** What it says of itself. */
export const saidBy = (error: unknown) => ({
  message: messageOf(error),
  forbidden: isForbidden(error),
  credentials: error instanceof CloudError ? error.credentials : undefined,
  keyLost: error instanceof CloudError ? error.keyLost : undefined
})

export const messageOf = (error: unknown) => cut(error instanceof Error ? error.message : String(error))

/** Of the cloud as such, and all of it: neither less nor later is of any help. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof CloudError && error.scope === "cloud" && error.anyKind === true && error.want === undefined

/** An agent that does not answer may be on a machine that runs no more, and so may what cannot be ended: look before trying again. */
export const looksAfter = new Set<Action["_tag"]>(["InstallAgents", "Arm", "Sync", "Mount", "ReleaseNodes"])

/** Whoever adds an action finds a word for it. */
const wording: Readonly<Record<Action["_tag"], string>> = actionWords
export const inWords = ({ _tag }: Action): string => wording[_tag]

/** What a cluster has in its cloud beside its machines. */
const clearing = ({ machine: { clone, ports = [] } }: ClusterRow): string =>
  [...(ports.length > 0 ? ["closing its ports"] : []), ...(clone === undefined ? [] : ["removing what its disk was copied by"])].join(
    " and "
  )

const deedOf = (row: ClusterRow, at: Action["_tag"]): string => {
  if (at === "Conclude") return clearing(row) || wording[at]
  return wording[at]
}

/** What was asked for is looked for before a cluster can end: that is a part of its end. */
export const isEnding = ({ _tag }: Action) => _tag === "StopNodes" || _tag === "ReleaseNodes" || _tag === "Conclude" || _tag === "LookFor"

const uncleared = ({ name, nodes, offer }: ClusterRow, message: string) => {
  const where = offer === null ? "" : placeText(offer)
  return new StopFailoverError({
    message: `${name}: ${where === "" ? "its place" : where} did not give all nodes, and what it gave could not be released: ${nodes.map(({ host, node }) => host ?? node).join(", ")}: ${message}`,
    hint: `No other place is tried. They may run and cost: look at them there, and release them with sky down ${name}`
  })
}

/** Of what waited for it: nothing is begun on machines that would be paid for without an end. */
const notBegun = (row: ClusterRow): string => {
  const request = workOf(row)[0]?.request
  if (request?._tag !== "LaunchRequested" && request?._tag !== "ExecRequested") return ""
  return hasRun(request.task) ? ", and the job was not submitted" : ", and nothing of the task was run"
}

/** In the cloud's words; it is tried on. */
const notArmed = (row: ClusterRow, { final, message }: Failed) => {
  const { inForce, name } = row
  const { down, idleMinutes } = inForce ?? { down: false, idleMinutes: -1 }
  const held = idleMinutes < 0 ? "none" : `${down ? "going" : "stopping"} after ${minutesText(idleMinutes)}`
  const left = notBegun(row)
  const cancels = (row.autostop?.idleMinutes ?? 0) < 0
  const go = left === "" ? "to want none" : "launch again once it may be set, or, to run without it"
  const error = new RuntimeError({
    message: `${name}: setting autostop failed${left}: ${message}`,
    hint: `In force is what was before: ${held}. It is tried again by itself${cancels ? "" : `; ${go}: sky autostop --cancel ${name}`}`
  })
  return final ? exiting(error, exitCodes.credentials) : error
}

/** New, and asked for without an answer: nobody would look after what may still come of that. */
export const isUnborn = ({ everUp, nodes, wanted }: ClusterRow, { _tag }: Action) =>
  _tag === "Provision" && wanted === "up" && !everUp && nodes.length === 0

const endFailed = (row: ClusterRow, { _tag }: Action, message: string, forbidden = false): SkydError => {
  const { name } = row
  const again = forbidden ? "It is tried again by itself, and done once that is mended" : "It is tried again by itself"
  if (_tag === "Conclude") {
    const wait = `It has no nodes any more. ${again}; to wait for that: sky down ${name}`
    return new RuntimeError({ message, hint: `${wait}. To drop it at once: sky down --purge ${name}; what is left then: sky leaks` })
  }
  const verb = _tag === "StopNodes" ? "stop" : "down"
  return new RuntimeError({
    message,
    hint: `${again}. To drop it without the cloud's word: sky ${verb} --purge ${name}`
  })
}

/** Whoever asked for it may think that it did not begin. */
const costing = ({ nodes, offer }: ClusterRow): string => {
  const running = nodes.filter(({ off, state }) => state === "running" && off !== true).length
  const isFree = offer === null || (offer.usdPerHour === 0 && hasPrice(offer))
  return running === 0 || isFree ? "" : `, runs, and costs ${priceText(offer, running)}`
}

export const failure = (row: ClusterRow, action: Action, failed: Failed): SkydError => {
  const error = failureOf(row, action, failed)
  return failed.forbidden ? exiting(error, exitCodes.credentials) : error
}

const failureOf = (row: ClusterRow, action: Action, failed: Failed): SkydError => {
  const { away, message, nowMs } = failed
  if (action._tag === "ClearPlace") return uncleared(row, message)
  if (action._tag === "Arm") return notArmed(row, failed)
  const at = away?.action ?? action._tag
  const lasting = away === undefined ? "" : `not reached for ${Math.round((nowMs - away.sinceMs) / 60_000)} min: `
  const what = `${row.name}: ${deedOf(row, at)} failed: ${lasting}${message}`
  if (isEnding(action)) return endFailed(row, action, what, failed.forbidden)
  // A machine that is shut stays so.
  const again = failed.forbidden && at === "InstallAgents" ? "" : `Try again: sky launch or sky start ${row.name}; `
  const kept = `${row.name} is kept as it is${costing(row)}. ${again === "" ? "To end it" : `${again}to end it`}: sky down ${row.name}`
  const dropped = `${row.name} is dropped: what may still come of what was asked for is looked for, and ended. Try again: sky launch`
  return new CommandError({
    message: what,
    hint: isUnborn(row, action) ? dropped : kept,
    returncode: 1,
    command: wording[at],
    detailedReason: null
  })
}
