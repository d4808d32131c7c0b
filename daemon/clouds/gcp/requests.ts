/**
 * Requests for machines on the wire: each under an id by which what it was accepted as is found again, for two weeks, by this daemon and by
 * the next.
 */
import * as Effect from "effect/Effect"
import { later } from "../../rented/errors.ts"
import { runAsOfNow } from "../../rented/run-as-of-now.ts"
import { asAnswered } from "../../rented/second-calls.ts"
import { askedTokens } from "../asked-tokens.ts"
import { CloudError } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Operation } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isGone, isThere, isThrottled, refusedBy } from "./errors.ts"
import { bulkBody, instanceBody, type Parts, requestId } from "./instance-body.ts"
import { failureOf } from "./operation-failure.ts"
import { begunAs, type Operations } from "./operations.ts"

export interface RequestsOptions {
  readonly gcp: Gcp
  readonly operations: Operations
  /** All that the cloud is told; asked of it before, and of files. */
  readonly partsOf: (request: ProvisionRequest) => Effect.Effect<Parts, CloudError>
  /** An image or a network that was there is gone. */
  readonly forget: Effect.Effect<void>
}

/** Of what was accepted and then put off. */
const attemptsMax = 5
const attemptPauseMs = 5_000

/** One call, which makes all of it or, of machines that were kept, one of them. */
interface Call {
  readonly ranks: ReadonlyArray<number>
  readonly send: (id: string) => Effect.Effect<Operation, CloudError>
}

export const makeRequests = ({ forget, gcp, operations, partsOf }: RequestsOptions) => {
  /** `ranks`: those that may have been made, or are. An earlier daemon may have asked for any. */
  const askedFor = askedTokens((isInherited) => ({ isInherited, ranks: new Set<number>() }))
  /** They were asked for before, and an answer may be missing. */
  const isUnsure = (wish: ProvisionRequest, ranks: ReadonlyArray<number> = wish.ranks) => {
    const before = askedFor(wish)
    return before.isInherited || ranks.some((rank) => before.ranks.has(rank))
  }

  const callsFor = Effect.fn("Provision.callsFor")(function* (wish: ProvisionRequest, ranks: ReadonlyArray<number>) {
    const parts = yield* partsOf(wish)
    const zone = wish.offer.zone!
    /** With what else there is by now, where something of it is gone. */
    const sending = (run: (id: string, now: Parts) => Effect.Effect<Operation, CloudError>) => (id: string) =>
      runAsOfNow({
        run: (now: Parts) => run(id, now),
        inputNow: partsOf(wish),
        namesOf: ({ place, root }) => [root.link, place.network, place.subnetwork],
        isGone,
        forget
      })(parts)
    if (parts.root.kind !== "machine") {
      const first = bulkBody(parts, ranks)
      if (first instanceof CloudError) return yield* first
      const send = sending((id, now) => {
        const body = now === parts ? first : bulkBody(now, ranks)
        if (body instanceof CloudError) return Effect.fail(body)
        return gcp.once("instances.bulkInsert", zone, async ({ instances: client, project }, options) => {
          const request = { project, zone, requestId: id, bulkInsertInstanceResourceResource: body }
          return begunAs(await (await client()).bulkInsert(request, options))
        })
      })
      return [{ ranks, send }] satisfies ReadonlyArray<Call>
    }
    return yield* Effect.forEach(ranks, (rank) => {
      const first = instanceBody(parts, rank)
      if (first instanceof CloudError) return Effect.fail(first)
      const send = sending((id, now) => {
        const instanceResource = now === parts ? first : instanceBody(now, rank)
        if (instanceResource instanceof CloudError) return Effect.fail(instanceResource)
        return gcp.once("instances.insert", zone, async ({ instances: client, project }, options) =>
          begunAs(await (await client()).insert({ project, zone, requestId: id, instanceResource }, options))
        )
      })
      return Effect.succeed<Call>({ ranks: [rank], send })
    })
  })

  /** Until what was accepted is done. What is put off is asked for anew, under another id: this one stands for what failed. */
  const carry = Effect.fn("Provision.carry")(function* (wish: ProvisionRequest, { ranks, send }: Call) {
    const { offer, token } = wish
    const before = askedFor(wish)
    const wasUnsure = isUnsure(wish, ranks)
    // What is refused, or put off, has made nothing of them, if nothing had before.
    const isOpen = ({ code, kind }: CloudError) => wasUnsure || isThere(code) || (kind !== "Refused" && !isThrottled(code))
    const sent = (id: string) =>
      Effect.suspend(() => {
        for (const rank of ranks) before.ranks.add(rank)
        return send(id)
      }).pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (!isOpen(error)) for (const rank of ranks) before.ranks.delete(rank)
          })
        ),
        Effect.mapError(asAnswered(wasUnsure, isThere))
      )
    for (let attempt = 0; ; attempt++) {
      const id = requestId(token, ranks, attempt)
      const known = wasUnsure ? yield* Effect.mapError(operations.ofRequest(offer.zone!, id), later) : undefined
      const over = yield* Effect.mapError(operations.wait(known ?? (yield* sent(id))), later)
      const failure = failureOf(over)
      if (failure === null) return
      if (!isThrottled(failure.code)) return yield* failure
      if (attempt + 1 >= attemptsMax) return yield* refusedBy(failure.code, failure.message)
      yield* Effect.sleep(attemptPauseMs * (attempt + 1))
    }
  })

  return { callsFor, carry, isUnsure }
}
