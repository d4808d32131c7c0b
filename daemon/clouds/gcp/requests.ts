/**
 * Requests for machines on the wire: each under an id by which what it was accepted as is found again, for two weeks, by this daemon and by
 * the next.
 */
import * as Effect from "effect/Effect"
import { later } from "../../rented/errors.ts"
import { askedTokens } from "../asked-tokens.ts"
import { CloudError, type ProvisionRequest } from "../Cloud.ts"
import type { Operation } from "./api.ts"
import type { Gcp } from "./client.ts"
import { failureOf, isThrottled, refusedBy } from "./errors.ts"
import { bulkBody, instanceBody, type Parts, requestId } from "./instance-body.ts"
import { begunAs, type Operations } from "./operations.ts"

export interface RequestsOptions {
  readonly gcp: Gcp
  readonly operations: Operations
  /** All that the cloud is told; asked of it before, and of files. */
  readonly partsOf: (request: ProvisionRequest) => Effect.Effect<Parts, CloudError>
}

/** Of what was accepted and then put off. */
const attemptsMax = 5
const attemptPauseMs = 5_000

/** One call, which makes all of it or, of machines that were kept, one of them. */
interface Call {
  readonly ranks: ReadonlyArray<number>
  readonly send: (id: string) => Effect.Effect<Operation, CloudError>
}

export const makeRequests = ({ gcp, operations, partsOf }: RequestsOptions) => {
  /** `isUnsure`: it was asked for before, and an answer may be missing. */
  const askedFor = askedTokens((isInherited) => ({ isUnsure: isInherited }))
  const isUnsure = (wish: ProvisionRequest) => askedFor(wish).isUnsure

  const callsFor = Effect.fn("Provision.callsFor")(function* (wish: ProvisionRequest, ranks: ReadonlyArray<number>) {
    const parts = yield* partsOf(wish)
    const zone = wish.offer.zone!
    if (parts.root.kind !== "machine") {
      const body = bulkBody(parts, ranks)
      if (body instanceof CloudError) return yield* body
      const send = (id: string) =>
        gcp.once("instances.bulkInsert", zone, async ({ instances: client, project }, options) => {
          const request = { project, zone, requestId: id, bulkInsertInstanceResourceResource: body }
          return begunAs(await (await client()).bulkInsert(request, options))
        })
      return [{ ranks, send }] satisfies ReadonlyArray<Call>
    }
    return yield* Effect.forEach(ranks, (rank) => {
      const instanceResource = instanceBody(parts, rank)
      if (instanceResource instanceof CloudError) return Effect.fail(instanceResource)
      const send = (id: string) =>
        gcp.once("instances.insert", zone, async ({ instances: client, project }, options) =>
          begunAs(await (await client()).insert({ project, zone, requestId: id, instanceResource }, options))
        )
      return Effect.succeed<Call>({ ranks: [rank], send })
    })
  })

  /** Until what was accepted is done. What is put off is asked for anew, under another id: this one stands for what failed. */
  const carry = Effect.fn("Provision.carry")(function* (wish: ProvisionRequest, { ranks, send }: Call) {
    const { offer, token } = wish
    for (let attempt = 0; ; attempt++) {
      const id = requestId(token, ranks, attempt)
      const known = isUnsure(wish) ? yield* Effect.mapError(operations.ofRequest(offer.zone!, id), later) : undefined
      askedFor(wish).isUnsure = true
      const over = yield* Effect.mapError(operations.wait(known ?? (yield* send(id))), later)
      const failure = failureOf(over)
      if (failure === null) return
      if (!isThrottled(failure.code)) return yield* failure
      if (attempt + 1 >= attemptsMax) return yield* refusedBy(failure.code, failure.message)
      yield* Effect.sleep(attemptPauseMs * (attempt + 1))
    }
  })

  return { callsFor, carry, isUnsure }
}
