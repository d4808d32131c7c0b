/** Why a thing is a leak, by what the log tells of its cluster. Pure. */

import type { Event } from "../../events/Event.ts"
import { type ClusterName, tokenOf } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { nothingLeft } from "../../projections/refusals.ts"
import { type Held, isNode, type Leak } from "./Leak.ts"

/** A list of a cloud's may still have what ended a moment ago. */
const settleMs = 60_000

type Said = { readonly reason: string; readonly hasEnded?: boolean; readonly isRefused?: boolean }

/** What runs all the same has not ended with its refusal. */
const refused = ({ thing }: Held): Said => ({
  reason: "the log has it as refused",
  isRefused: true,
  hasEnded: thing.kind === "machine" && thing.state !== "running"
})

const isRestOf = (event: Event, { cloud, thing }: Held) => event._tag === "RestLeft" && event.cloud === cloud && thing.kind !== "machine"

/** What was said last of what its cluster has beside machines. Where the search went on after that, it was removed with the cluster. */
const wasLeft = (held: Held, facts: ReadonlyArray<Recorded>): boolean => {
  const last = facts.findLast(({ event }) => isRestOf(event, held) || event._tag === "PlaceChosen" || event._tag === "PlacesExhausted")
  return last !== undefined && isRestOf(last.event, held)
}

/** `own`: the node that it is. */
const tellsOf = ({ event }: Recorded, held: Held, own: string | null): Said | undefined => {
  const { cloud, id, thing } = held
  const token = own === null ? null : tokenOf(own)
  switch (event._tag) {
    case "NodeReleased":
      return event.node === own ? { reason: "the log has it as gone", hasEnded: true } : undefined
    case "NodeAbandoned":
      return event.node === own ? { reason: `a purge gave up on it: ${event.reason}` } : undefined
    case "NodeRefused":
      if (event.node !== undefined || event.token !== token) return undefined
      return event.code === nothingLeft
        ? { ...refused(held), reason: "nothing of it was found when its cluster was dropped" }
        : refused(held)
    case "NodeRequested":
    case "PlacesExhausted":
      return event.refusedAgain === token ? refused(held) : undefined
    case "RequestAbandoned":
      return event.token === token ? { reason: `it was asked for and never answered: ${event.reason}` } : undefined
    case "RestLeft":
      return isRestOf(event, held) ? { reason: `its removal failed: ${event.message}` } : undefined
    case "ClusterGone":
      return thing.kind !== "machine" ? { reason: "its cluster is gone", hasEnded: true } : undefined
    case "LeakEnded":
      return event.cloud === cloud && event.id === id ? { reason: "it was ended, and is there all the same", hasEnded: true } : undefined
    case "LeakKept":
      return event.cloud === cloud && event.id === id ? { reason: `its end failed: ${event.message}` } : undefined
    case "LeakEndRequested":
      return event.cloud === cloud && event.id === id ? { reason: "its end was asked for, and nothing was heard of it" } : undefined
    default:
      return undefined
  }
}

/** Which node the log has it as, or has another machine as: the tags of one can be copied to a second. */
const nodeIn = (held: Held, facts: ReadonlyArray<Recorded>): { readonly own: string | null; readonly other: string | null } => {
  const { thing } = held
  if (thing.kind !== "machine") return { own: null, other: null }
  const given = facts.flatMap(({ event }) => (event._tag === "NodeProvisioned" ? [event] : []))
  const own = given.find((one) => isNode(held, one))?.node
  const twin = given.find(({ node }) => node === thing.node)
  if (own !== undefined || twin === undefined) return { own: own ?? thing.node, other: null }
  return { own: null, other: twin.host ?? null }
}

/** The one that it was last given. */
export const nameIn = (facts: ReadonlyArray<Recorded>): ClusterName | undefined =>
  facts.flatMap(({ event }) => (event._tag === "ClusterCreated" || event._tag === "ClusterAdopted" ? [event.name] : [])).at(-1)

/** `facts`: of its cluster in this log, oldest first. `isLive`: that cluster is there. Null: it has only just ended. */
export const leakOf = (held: Held, facts: ReadonlyArray<Recorded>, isLive: boolean, nowMs: number): Leak | null => {
  let reason: string | undefined
  const { other, own } = nodeIn(held, facts)
  // What is known to have stayed was not cleared with its cluster.
  const isLeft = wasLeft(held, facts)
  for (const recorded of facts.toReversed()) {
    if (isLeft && recorded.event._tag === "ClusterGone") continue
    const said = tellsOf(recorded, held, own)
    if (said === undefined) continue
    if (said.hasEnded && nowMs - recorded.atMs < settleMs) return null
    reason ??= said.reason
    // It may have been ended before that was said.
    if (!said.isRefused) break
  }
  const leak = (otherwise: string): Leak => ({ ...held, isOurs: true, reason: reason ?? otherwise })
  const odd = held.thing.kind === "machine" ? held.thing.odd : undefined
  if (other !== null) return leak(`it carries the tags of another machine, ${other}`)
  if (odd !== undefined) return leak(odd)
  if (facts.length === 0) return leak("the log knows nothing of its cluster")
  if (!isLive) return leak("its cluster is gone")
  return leak(held.thing.kind === "machine" ? "its cluster has no such node" : "its machine is there, and it could not be removed then")
}
