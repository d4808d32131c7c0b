/**
 * Where a new cluster goes when its place gave nothing: the best place that no refusal of this round reaches, held against the same checks
 * as the first. When there is none it is over, or, for who waits it out, all are asked again after a while.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Event } from "../../events/Event.ts"
import type { LaunchRequested } from "../../events/launch.ts"
import type { Offer } from "../../events/values.ts"
import type { ClusterRow, Refusal } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { unfinishedOf } from "../../projections/jobs.ts"
import { refusalText } from "../../projections/refusals.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import type { Task } from "../../task/Task.ts"
import type { Cloud, CloudError } from "../clouds/Cloud.ts"
import { within } from "../clouds/patient.ts"
import { cut } from "../commands/caller.ts"
import { chosenAt, refusalAt } from "../commands/place-checks.ts"
import { firstPlace, passings } from "../commands/places.ts"
import { identitiesOf } from "../identities.ts"
import { accessOf, offersFor, ofPlace } from "../offers-for.ts"
import { openPlaces } from "../optimizer/blocks.ts"
import { giveUpPlace } from "./conclude.ts"
import { decided, type Facts } from "./facts.ts"
import { askAgainAfterMs, type Hands } from "./machines.ts"

/** To say what there is. */
const offersMaxMin = 2
/** However the clock is set meanwhile. */
const waitMaxMs = 60_000

const look = Effect.fn("nextPlace.look")(function* (
  row: ClusterRow,
  { clone, down, idleMinutes, task }: typeof LaunchRequested.Type,
  clouds: ReadonlyMap<string, Cloud>
) {
  const access = yield* accessOf(clouds)
  const { offers, reason } = yield* within("a cloud", "offers", offersMaxMin, offersFor(clouds, access, task as Task))
  const open = openPlaces(offers, row.refusals)
  const identities = yield* identitiesOf(
    clouds,
    open.map(({ cloud }) => cloud)
  )
  const words = ofPlace({ clouds, identities })
  const asked = { name: row.name, task, clone, autostopAt: () => ({ down, idleMinutes }) }
  const { offer, passed } = firstPlace(open, (one) => refusalAt(words, asked, one))
  const isSaid = (event: { readonly code: string; readonly offer: Offer }) =>
    row.refusals.some((one) => one.code === event.code && one.offer.cloud === event.offer.cloud)
  const why = access.get(row.offer?.cloud ?? "") ?? null
  const off = why === null ? null : `${cloudDisplay(row.offer!.cloud)} is not enabled any more: ${why}`
  return { offer, words, passed: passings(row.id, passed).filter((event) => !isSaid(event)), reason, off }
})

/** What the launch armed holds where a cluster can be stopped, and only there (contract, launch-21). */
const armedFor = ({ autostop, id }: ClusterRow, idleMinutes: number | null, canStop: boolean): ReadonlyArray<Event> => {
  const isSet = autostop !== null && autostop.idleMinutes >= 0
  if (idleMinutes === null || isSet === canStop) return []
  return [{ _tag: "AutostopSet", cluster: id, idleMinutes: canStop ? idleMinutes : -1, down: false }]
}

/** In one line, as a status has it. `reason`: why there is no place to ask. */
const inShort = (refusals: ReadonlyArray<Refusal>, reason: string | null): string => {
  const last = refusals.at(-1)
  if (last === undefined) return reason?.replaceAll(/\s+/g, " ") ?? "none can be asked"
  return refusals.length === 1 ? refusalText(last) : `${refusals.length} gave nothing, the last of them ${refusalText(last)}`
}

export const nextPlace = Effect.fn("perform.nextPlace")(function* (
  row: ClusterRow,
  { clouds, jobs }: Hands
): Effect.fn.Return<Facts, CloudError> {
  const [active] = workOf(row)
  const { id, request } = active!
  if (request?._tag !== "LaunchRequested") return decided(id, [])
  const { off, offer, passed, reason, words } = yield* look(row, request, clouds)
  if (offer !== undefined) {
    const canStop = words.lackOf("STOP", offer) === null
    return decided(id, [...passed, chosenAt(row.id, offer, row.numNodes, words), ...armedFor(row, request.idleMinutes, canStop)])
  }
  const refusals = [...row.refusals, ...passed.map(({ anyKind = false, scope = "zone", ...one }) => ({ ...one, anyKind, scope }))]
  if (!request.retryUntilUp) {
    const over = giveUpPlace({ ...row, refusals }, unfinishedOf(jobs, row.id), off)
    return { ...over, events: [...passed.map((event) => [event, id] as const), ...over.events] }
  }
  const retryAtMs = Math.trunc(yield* Clock.currentTimeMillis) + (yield* askAgainAfterMs)
  const message = cut(inShort(refusals, off ?? reason))
  return decided(id, [...passed, { _tag: "PlacesExhausted", cluster: row.id, round: row.rounds + 1, message, retryAtMs }])
})

export const nextRound = Effect.fn("perform.nextRound")(function* (row: ClusterRow, atMs: number, hands: Hands) {
  const leftMs = atMs - (yield* Clock.currentTimeMillis)
  yield* Effect.sleep(Math.min(waitMaxMs, Math.max(0, leftMs)))
  return yield* nextPlace(row, hands)
})
