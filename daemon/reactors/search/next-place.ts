/**
 * Where a new cluster goes when its place gave nothing: the best place that no refusal of this round reaches, held against the same checks
 * as the first. When there is none it is over, or, for who waits it out, all are asked again after a while.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { OperationId } from "../../../events/ids.ts"
import type { LaunchRequested } from "../../../events/launch.ts"
import type { Offer } from "../../../events/values.ts"
import type { ClusterRow, Refusal } from "../../../projections/ClusterRow.ts"
import { workOf } from "../../../projections/cluster-status.ts"
import { unfinishedOf } from "../../../projections/jobs.ts"
import { refusalText } from "../../../projections/refusals.ts"
import { recordError } from "../../../sdk/protocol/errors.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { needOf } from "../../../task/Need.ts"
import type { Task } from "../../../task/Task.ts"
import { autostopAt } from "../../autostop-at.ts"
import type { Cloud, CloudError } from "../../clouds/Cloud.ts"
import { within } from "../../clouds/patient.ts"
import { cut } from "../../commands/caller.ts"
import { chosenAt, lackFor, type PlaceWords, refusalAt } from "../../commands/place-checks.ts"
import { firstPlace, passings } from "../../commands/places.ts"
import { identitiesOf } from "../../identities.ts"
import { accessOf, offersFor, ofPlace } from "../../offers-for.ts"
import { openPlaces } from "../../optimizer/blocks.ts"
import { giveUpPlace } from "../conclude.ts"
import { decided, type Facts } from "../facts.ts"
import { askAgainAfterMs, type Hands } from "../raise-machines.ts"

/** To say what there is. */
const offersMaxMin = 2
/** However the clock is set meanwhile. */
const waitMaxMs = 60_000

const look = Effect.fn("nextPlace.look")(function* (
  row: ClusterRow,
  request: typeof LaunchRequested.Type,
  clouds: ReadonlyMap<string, Cloud>
) {
  const { blocked = [], clone, task } = request
  const access = yield* accessOf(clouds)
  const find = offersFor(clouds, access, task as Task, blocked.map(needOf))
  const { offers, reason } = yield* within("a cloud", "offers", offersMaxMin, find)
  const open = openPlaces(offers, row.refusals)
  const identities = yield* identitiesOf(
    clouds,
    open.map(({ cloud }) => cloud)
  )
  const words = ofPlace({ clouds, identities })
  const asked = { name: row.name, task, clone, autostopAt: (place: Offer) => autostopAt(request, place) }
  const { offer, passed } = firstPlace(open, (one) => refusalAt(words, asked, one))
  const isSaid = (event: { readonly code: string; readonly offer: Offer }) =>
    row.refusals.some((one) => one.code === event.code && one.offer.cloud === event.offer.cloud)
  const why = access.get(row.offer?.cloud ?? "") ?? null
  const off = why === null ? null : `${cloudDisplay(row.offer!.cloud)} is not enabled any more: ${why}`
  return { offer, words, passed: passings(row.id, passed).filter((event) => !isSaid(event)), reason, off }
})

type Waiting = readonly [OperationId, typeof LaunchRequested.Type]

const launchesOf = (row: ClusterRow): ReadonlyArray<Waiting> =>
  workOf(row).flatMap(({ id, request }) => (request?._tag === "LaunchRequested" ? [[id, request] as const] : []))

/** Minutes that launches arm in a place: the last one's, where a cluster can be stopped, and only there (contract, launch-21). */
const armedIn = (launches: ReadonlyArray<Waiting>, place: Offer | null, { lackOf }: PlaceWords): number => {
  const asked = launches.flatMap(([, request]) => autostopAt(request, place).idleMinutes ?? [])
  return place !== null && lackOf("STOP", place) !== null ? -1 : (asked.at(-1) ?? -1)
}

/** Who waits for the cluster and was let in for the place before is refused where the new one lacks what he asked for. */
const moved = (row: ClusterRow, offer: Offer, words: PlaceWords): Facts["events"] => {
  const [first, ...others] = launchesOf(row)
  const refused = others.flatMap(([id, request]) => {
    const error = lackFor(words, { name: row.name, task: request.task, autostopAt: (place) => autostopAt(request, place) }, offer)
    return error === undefined ? [] : [{ id, error }]
  })
  const kept = [first!, ...others.filter(([id]) => !refused.some((one) => one.id === id))]
  const set = row.autostop?.idleMinutes ?? -1
  const canStop = words.lackOf("STOP", offer) === null
  // What was set by itself meanwhile goes on holding, where it can.
  const isOwn = set === armedIn(launchesOf(row), row.offer, words)
  const idleMinutes = isOwn || (!canStop && row.autostop?.down !== true) ? armedIn(kept, offer, words) : set
  return [
    ...(idleMinutes === set ? [] : [{ _tag: "AutostopSet", cluster: row.id, idleMinutes, down: false } as const]),
    ...refused.map(({ error, id }) => [{ _tag: "OperationFailed", error: recordError(error) }, id] as const)
  ]
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
    return decided(id, [...passed, chosenAt(row.id, offer, row.numNodes, words), ...moved(row, offer, words)])
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
