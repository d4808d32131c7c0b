/** A cluster's row after a fact about the search for its place: what was chosen, what gave nothing, and when all are asked again. Pure. */
import type { PlacePassedOver } from "../events/launch.ts"
import type { NodeRefused } from "../events/provision.ts"
import type { Recorded } from "../events/Recorded.ts"
import type { Offer } from "../events/values.ts"
import type { ClusterRow, Refusal } from "./ClusterRow.ts"
import { isSameKind, isSamePlace, toldMax } from "./refusals.ts"

export const notSearched: Pick<ClusterRow, "refusals" | "rounds" | "waiting"> = { refusals: [], rounds: 0, waiting: null }

/** More is not said of each in the row, which is held in memory; of those that nobody is told one by one, still less. */
const messageMaxChars = 1024
const untoldMaxChars = 80

/** Who waits for one place is refused by it again and again. */
const isSame = (one: Refusal, offer: Offer, code: string) =>
  one.code === code && isSamePlace(one.offer, offer) && isSameKind(one.offer, offer)

/** `offer`: what was asked, where it was asked for new machines. */
const refusing = (row: ClusterRow, event: typeof NodeRefused.Type | typeof PlacePassedOver.Type, offer: Offer | undefined): ClusterRow => {
  const { anyKind = false, code, scope = "zone", want = null } = event
  const message = event.message.slice(0, row.refusals.length < toldMax ? messageMaxChars : untoldMaxChars)
  return {
    ...row,
    refused: { code, message, scope, want, times: (row.refused?.times ?? 0) + 1 },
    refusals:
      offer === undefined
        ? row.refusals
        : [...row.refusals.filter((one) => !isSame(one, offer, code)), { offer, code, message, scope, anyKind, want }]
  }
}

/** The row after one of its facts, when that is about its place; else the row as it is. */
export const nextOfSearch = (row: ClusterRow, { atMs, event }: Recorded): ClusterRow => {
  switch (event._tag) {
    case "PlaceChosen": {
      const { numNodes, offer, owner = null } = event
      return { ...row, offer, owner, numNodes, refused: null, waiting: null, trouble: null }
    }
    case "PlacePassedOver":
      return refusing(row, event, event.offer)
    case "PlacesExhausted": {
      const { message, retryAtMs, round } = event
      return { ...row, refused: null, refusals: [], rounds: round, waiting: { message, sinceMs: atMs, retryAtMs }, trouble: null }
    }
    case "NodeRefused": {
      const asked = row.pending.find(({ token }) => token === event.token)
      // Of what was given up on, nothing is left: that says nothing of what is asked now.
      if (asked === undefined && event.node === undefined) return row
      const nodes = row.nodes.map((node) =>
        node.node === event.node ? { ...node, state: "stopped" as const, ready: false, reason: event.message, sinceMs: atMs } : node
      )
      return { ...refusing(row, event, asked?.offer), nodes, pending: row.pending.filter((pending) => pending !== asked) }
    }
    default:
      return row
  }
}
