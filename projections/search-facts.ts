/** A cluster's row after a fact about the search for its place: what was chosen, what gave nothing, and when all are asked again. Pure. */

import type { Event } from "../events/Event.ts"
import type { NodeToken } from "../events/ids.ts"
import type { PlacePassedOver } from "../events/launch.ts"
import type { NodeRefused } from "../events/provision.ts"
import type { Offer } from "../events/values.ts"
import type { AskedRegion, ClusterRow, Refusal } from "./ClusterRow.ts"
import { isSameKind, isSamePlace, toldMax } from "./refusals.ts"

export const notSearched: Pick<ClusterRow, "refusals" | "refusedBefore" | "rounds" | "waiting"> = {
  refusals: [],
  refusedBefore: [],
  rounds: 0,
  waiting: null
}

/** More is not said of each in the row, which is held in memory; of those that nobody is told one by one, still less. */
const messageMaxChars = 1024
const untoldMaxChars = 80

/** Who waits for one place is refused by it again and again. */
const isSame = (one: Refusal, offer: Offer, code: string) =>
  one.code === code && isSamePlace(one.offer, offer) && isSameKind(one.offer, offer)

/** `offer`: what was asked, where it was asked for new machines. */
const refusing = (row: ClusterRow, event: typeof NodeRefused.Type | typeof PlacePassedOver.Type, offer: Offer | undefined): ClusterRow => {
  const { anyKind = false, code, scope = "zone", want = null } = event
  const credentials = (event._tag === "NodeRefused" ? event.credentials : undefined) ?? null
  const message = event.message.slice(0, row.refusals.length < toldMax ? messageMaxChars : untoldMaxChars)
  return {
    ...row,
    refused: { code, message, scope, want, credentials, times: (row.refused?.times ?? 0) + 1 },
    refusals:
      offer === undefined
        ? row.refusals
        : [...row.refusals.filter((one) => !isSame(one, offer, code)), { offer, code, message, scope, anyKind, want, owner: row.owner }]
  }
}

/** What the same place said in the round before. */
export const saidBefore = ({ refusedBefore }: ClusterRow, offer: Offer): Refusal | undefined =>
  refusedBefore.find((one) => isSamePlace(one.offer, offer) && isSameKind(one.offer, offer))

/** What was asked for under a token was refused as in the round before. */
const refusingAgain = (row: ClusterRow, token: NodeToken | undefined): ClusterRow => {
  const asked = row.pending.find((pending) => pending.token === token)
  const before = asked && saidBefore(row, asked.offer)
  if (asked === undefined || before === undefined) return row
  return {
    ...row,
    refused: { ...before, credentials: null, times: (row.refused?.times ?? 0) + 1 },
    refusals: [...row.refusals, { ...before, offer: asked.offer }],
    pending: row.pending.filter((pending) => pending !== asked)
  }
}

/** What a disk is copied by is of use elsewhere, and stays. */
const stillAsked = ({ asked, everUp, machine }: ClusterRow, cloud: string): ReadonlyArray<AskedRegion> =>
  everUp || machine.clone !== undefined ? asked : asked.filter((one) => one.cloud === cloud || one.isLeft)

const askedWith = (row: ClusterRow, { cloud, region }: Offer, owner: ClusterRow["owner"]): ReadonlyArray<AskedRegion> => {
  const asked = stillAsked(row, cloud)
  const isSameRegion = (one: AskedRegion) => one.cloud === cloud && one.region === region
  const isLeft = asked.some((one) => isSameRegion(one) && one.isLeft)
  return [...asked.filter((one) => !isSameRegion(one)), { cloud, region, owner, isLeft }]
}

/** The row after one of its facts, when that is about its place; else the row as it is. */
export const nextOfSearch = (row: ClusterRow, event: Event, atMs: number): ClusterRow => {
  switch (event._tag) {
    case "PlaceChosen": {
      const { numNodes, offer, owner = null } = event
      return { ...row, offer, owner, numNodes, asked: stillAsked(row, offer.cloud), refused: null, waiting: null, trouble: null }
    }
    case "PlacePassedOver":
      return refusing(row, event, event.offer)
    case "NodeRequested": {
      const { machine = {}, offer, ranks, refusedAgain, token } = event
      const { pending, ...after } = refusingAgain(row, refusedAgain)
      const isChosen = row.offer !== null && isSamePlace(row.offer, offer)
      const owner = isChosen ? row.owner : (saidBefore(row, offer)?.owner ?? null)
      return {
        ...after,
        offer,
        owner,
        machine,
        cameGib: row.nodes.length === 0 ? null : row.cameGib,
        asked: askedWith(row, offer, owner),
        pending: [...pending, { token, ranks, offer, machine, sinceMs: atMs }],
        waiting: null,
        trouble: null
      }
    }
    case "RestLeft":
      return { ...row, asked: row.asked.map((one) => (one.cloud === event.cloud ? { ...one, isLeft: true } : one)) }
    case "PlacesExhausted": {
      const { message, refusedAgain, retryAtMs, round } = event
      const { pending, refusals } = refusingAgain(row, refusedAgain)
      const waiting = { message, sinceMs: atMs, retryAtMs }
      return { ...row, pending, refused: null, refusals: [], refusedBefore: refusals, rounds: round, waiting, trouble: null }
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
