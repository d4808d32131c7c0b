/**
 * Where a new cluster goes when its place gave nothing: the best place that no refusal of this round reaches, held against the same checks
 * as the first. When there is none it is over, or, for who waits it out, all are asked again after a while.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { OperationId } from "../../../events/ids.ts"
import type { LaunchRequested, PlaceChosen } from "../../../events/launch.ts"
import type { NodeRefused } from "../../../events/provision.ts"
import type { Offer } from "../../../events/values.ts"
import type { ClusterRow, Refusal } from "../../../projections/ClusterRow.ts"
import { workOf } from "../../../projections/cluster-status.ts"
import { isUnexplained, refusalText } from "../../../projections/refusals.ts"
import { nextOfSearch, saidBefore } from "../../../projections/search-facts.ts"
import { recordError } from "../../../sdk/protocol/errors.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { needOf } from "../../../task/Need.ts"
import { cut } from "../../../task/sentence.ts"
import type { Task } from "../../../task/Task.ts"
import type { Cloud, CloudError } from "../../clouds/Cloud.ts"
import { identitiesOf } from "../../clouds/identities.ts"
import { within } from "../../clouds/patient.ts"
import { autostopAt } from "../../commands/autostop-at.ts"
import { whereCopied } from "../../commands/clone.ts"
import { chosenAt, lackFor, type PlaceWords, refusalAt } from "../../commands/place-checks.ts"
import { firstPlace, passings } from "../../commands/places.ts"
import { openPlaces } from "../../optimizer/blocks.ts"
import { accessOf, offersFor, ofPlace } from "../../places/offers-for.ts"
import { isOfWish } from "../../places/unavailable.ts"
import { askAgainAfterMs, waitMaxMs } from "../ask-again.ts"
import { clearRest } from "../end-machines.ts"
import { decided, type Facts } from "../facts.ts"
import { type Hands, requestNodes } from "../raise-machines.ts"
import { searchOver } from "./is-over.ts"

/** To say what there is. */
const offersMaxMin = 2
/** To close ports that nobody is behind. */
const leaveMaxMin = 1

const look = Effect.fn("nextPlace.look")(function* (
  row: ClusterRow,
  request: typeof LaunchRequested.Type,
  clouds: ReadonlyMap<string, Cloud>
) {
  const { blocked = [], clone, task } = request
  const access = yield* accessOf(clouds)
  // A cloud that drops out meanwhile is one that it was meant for.
  const used = new Set([row.offer, ...row.refusals.map(({ offer }) => offer)].flatMap((place) => place?.cloud ?? []))
  const find = offersFor(clouds, access, task as Task, blocked.map(needOf), used)
  const { busy, offers, reason } = yield* within("a cloud", "offers", offersMaxMin, find)
  const open = openPlaces(whereCopied(clone, offers), row.refusals)
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
  return { offer, words, passed: passings(row.id, passed).filter((event) => !isSaid(event)), reason, off, busy }
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

const isKnown = (row: ClusterRow, { offer, owner }: typeof PlaceChosen.Type): boolean => {
  const before = saidBefore(row, offer)
  return before !== undefined && String(before.owner) === String(owner ?? null)
}

/** What was chosen in the round before is not told as chosen again. */
const askAtOnce = (row: ClusterRow, offer: Offer, clouds: Hands["clouds"]) =>
  requestNodes({ ...row, offer }, [...Array(row.numNodes).keys()], clouds.get(offer.cloud))

/**
 * No port stays open in a cloud that is left, or while all are waited for: `next` is the one that is asked now. One that does is told of
 * once, and closed with the cluster: nobody waits long for that here.
 */
const leave = Effect.fnUntraced(function* (row: ClusterRow, hands: Hands, next: string | null) {
  if (row.everUp) return []
  const left = yield* clearRest(row, hands, { rest: ["ports"], but: next, isFinal: () => true, maxMin: leaveMaxMin })
  return left.filter(({ cloud }) => row.asked.some((one) => one.cloud === cloud && !one.isLeft))
})

export const nextPlace = Effect.fn("perform.nextPlace")(function* (row: ClusterRow, hands: Hands): Effect.fn.Return<Facts, CloudError> {
  const { clouds } = hands
  const [active] = workOf(row)
  const { id, request } = active!
  if (request?._tag !== "LaunchRequested") return decided(id, [])
  const { busy, off, offer, passed, reason, words } = yield* look(row, request, clouds)
  if (offer !== undefined) {
    const chosen = chosenAt(row.id, offer, row.numNodes, words)
    const others = moved(row, offer, words)
    const left = offer.cloud === row.offer?.cloud ? [] : yield* leave(row, hands, offer.cloud)
    const isNews = passed.length > 0 || others.length > 0 || left.length > 0 || !isKnown(row, chosen)
    return isNews ? decided(id, [...left, ...passed, chosen, ...others]) : yield* askAtOnce(row, offer, clouds)
  }
  const refusals = [
    ...row.refusals,
    ...passed.map(({ anyKind = false, scope = "zone", want = null, ...one }) => ({ ...one, anyKind, scope, want, owner: null }))
  ]
  const isVain = off === null && !busy && refusals.length > 0 && refusals.every((one) => isOfWish(one) || isUnexplained(one))
  if (!request.retryUntilUp || isVain) {
    const over = yield* searchOver({ ...row, refusals }, hands, off)
    return { ...over, events: [...passed.map((event) => [event, id] as const), ...over.events] }
  }
  const retryAtMs = Math.trunc(yield* Clock.currentTimeMillis) + (yield* askAgainAfterMs(row.rounds + 1))
  const message = cut(inShort(refusals, off ?? reason))
  const left = yield* leave(row, hands, null)
  return decided(id, [...left, ...passed, { _tag: "PlacesExhausted", cluster: row.id, round: row.rounds + 1, message, retryAtMs }])
})

const isAlike = (before: Refusal | undefined, { anyKind = false, code, scope = "zone", want }: typeof NodeRefused.Type) =>
  before?.code === code && before.scope === scope && before.anyKind === anyKind && before.want === (want ?? null)

/**
 * After what was asked for under a token. What refuses as it did in the round before is not told again: the fact of what is asked next says
 * it, so that rounds without end fill no disk.
 */
export const goingOn = Effect.fn("perform.goingOn")(function* (row: ClusterRow, facts: Facts, hands: Hands) {
  const [event, ...others] = facts.events
  if (event === undefined || !("_tag" in event) || event._tag !== "NodeRefused" || others.length > 0 || row.wanted !== "up") return facts
  const asked = row.pending.find(({ token }) => token === event.token)
  if (asked === undefined || row.pending.length > 1 || row.nodes.length > 0 || !isAlike(saidBefore(row, asked.offer), event)) return facts
  const after = nextOfSearch(row, event, 0)
  // What fails here fails once more, and is told, where it is the next step.
  const next = yield* Effect.orElseSucceed(nextPlace(after, hands), () => facts)
  const [then, ...more] = next.events
  const isStep = then !== undefined && "_tag" in then && (then._tag === "NodeRequested" || then._tag === "PlacesExhausted")
  return isStep && more.length === 0 ? decided(next.operation, [{ ...then, refusedAgain: event.token }]) : facts
})

export const nextRound = Effect.fn("perform.nextRound")(function* (row: ClusterRow, atMs: number, hands: Hands) {
  const leftMs = atMs - (yield* Clock.currentTimeMillis)
  yield* Effect.sleep(Math.min(waitMaxMs, Math.max(0, leftMs)))
  return yield* nextPlace(row, hands)
})
