/** A machine that lets nobody in whose key is here: it runs, and nothing is ever done on it from here. Pure. */
import type { Event } from "../events/Event.ts"
import type { ClusterRow } from "./ClusterRow.ts"

/** So logs have it from before it was a field. */
const datedWords = "It lets in the key of the state folder that has made it alone, and that is not here"

export const saysShut = ({ keyLost, message }: Pick<Event & { readonly _tag: "ActionFailed" }, "keyLost" | "message">): boolean =>
  keyLost ?? message.includes(datedWords)

export const isShut = ({ trouble }: ClusterRow): boolean => trouble?.keyLost === true
