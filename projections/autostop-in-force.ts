/** The autostop that a cluster's node holds, as far as that is another than the one that is wanted. Pure. */

import { inner } from "../task/sentence.ts"
import type { ClusterRow } from "./ClusterRow.ts"

type Autostop = Pick<ClusterRow, "armed" | "autostop" | "everUp" | "inForce" | "nodes" | "notArmed" | "operations">

export const isArmed = ({ armed, autostop }: Pick<ClusterRow, "armed" | "autostop">) => autostop === null || autostop.setting === armed

/** What a launch sets is shown while it has no node yet that could be told. A node has what it was told last. Null: there is none. */
export const autostopShown = (row: Autostop): ClusterRow["inForce"] => {
  const isWaitedFor = row.operations.some(({ method }) => method === "autostop")
  const isThere = row.everUp || (row.nodes.length > 0 && row.nodes.every(({ ready }) => ready))
  const shown = !isArmed(row) && (row.notArmed !== null || isWaitedFor || isThere) ? row.inForce : row.autostop
  return shown !== null && shown.idleMinutes >= 0 ? { idleMinutes: shown.idleMinutes, down: shown.down } : null
}

export const minutesText = (minutes: number) => `${minutes} idle ${minutes === 1 ? "minute" : "minutes"}`

/** What a head's minute takes at the very least, by whatever clock: clocks may be set, and the head has one of its own. */
const minuteMinMs = 1_000

/**
 * Whether its head may have ended it for its autodown, whoever says so: where there is none, or one that was set too short a while ago,
 * something else has. One that is not known to have reached the head may have.
 */
export const mayHaveGoneDown = (
  { autostop, idleFromMs, inForce }: Pick<ClusterRow, "autostop" | "idleFromMs" | "inForce">,
  nowMs: number
) =>
  idleFromMs !== null &&
  [inForce, autostop].some((one) => one?.down === true && one.idleMinutes >= 0 && nowMs - idleFromMs >= one.idleMinutes * minuteMinMs)

/** Why a machine went: one that ended itself did so for its autodown, where that was in force. */
export const endedItself = ({ inForce }: Pick<ClusterRow, "inForce">, reason: string | null): string | null =>
  inForce?.down && inForce.idleMinutes >= 0 && reason?.endsWith("by itself")
    ? `autodown after ${minutesText(inForce.idleMinutes)} (${reason})`
    : reason

const wantedText = ({ down, idleMinutes }: NonNullable<ClusterRow["autostop"]>) =>
  idleMinutes < 0 ? "no autostop" : `${down ? "going" : "stopping"} after ${minutesText(idleMinutes)}`

/** What a node is being told; null: it holds what is wanted. */
export const arming = (row: Pick<ClusterRow, "armed" | "autostop">): string | null =>
  isArmed(row) ? null : `setting autostop: ${wantedText(row.autostop!)}`

/** Why it is not as it is wanted. */
export const notArmedText = ({ autostop, notArmed }: Pick<ClusterRow, "autostop" | "notArmed">): string | null => {
  if (notArmed === null || autostop === null) return null
  return `${wantedText(autostop)} is wanted, and the node cannot be told so: ${inner(notArmed.message)}; trying again`
}
