/** What is said where a step's failure means more than that it failed. Pure. */
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { exiting, RuntimeError, StopFailoverError } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { placeText } from "../../task/place.ts"

/** What a place gave stays there, and may cost. */
export const uncleared = ({ name, nodes, offer }: ClusterRow, message: string) => {
  const where = offer === null ? "" : placeText(offer)
  return new StopFailoverError({
    message: `${name}: ${where === "" ? "its place" : where} did not give all nodes, and what it gave could not be released: ${nodes.map(({ host, node }) => host ?? node).join(", ")}: ${message}`,
    hint: `No other place is tried. They may run and cost: look at them there, and release them with sky down ${name}`
  })
}

/** In the cloud's words; it is tried on. */
export const notArmed = ({ inForce, name }: ClusterRow, { final, message }: { readonly final?: boolean; readonly message: string }) => {
  const { down, idleMinutes } = inForce ?? { down: false, idleMinutes: -1 }
  const held = idleMinutes < 0 ? "none" : `${down ? "going" : "stopping"} after ${idleMinutes} min`
  const error = new RuntimeError({
    message: `${name}: setting autostop failed: ${message}`,
    hint: `In force is what was before: ${held}. It is tried again by itself; to want none: sky autostop --cancel ${name}`
  })
  return final ? exiting(error, exitCodes.credentials) : error
}
