/**
 * Machines for the ranks of a token: all or none, and the same ones however often they are asked for. Every call may end without an answer,
 * and the daemon between any two of them. What was accepted is an operation that is found again by the id of its request; and names, which
 * follow from the token, are given once.
 */
import * as Effect from "effect/Effect"
import { type NodeToken, nodeOf } from "../../../events/ids.ts"
import { later, passingBy } from "../../rented/errors.ts"
import { makeMissed } from "../../rented/missed.ts"
import { steadyMs } from "../../steady-ms.ts"
import type { CloudError, Provisioned, ProvisionRequest } from "../Cloud.ts"
import type { Instance } from "./api.ts"
import { refusalOf } from "./endings.ts"
import { isThere, refusedBy } from "./errors.ts"
import { type Instances, pauseMs } from "./Instances.ts"
import { requestId } from "./instance-body.ts"
import { instanceName, labelOf } from "./names.ts"
import { begunAs } from "./operations.ts"
import { makeRequests, type RequestsOptions } from "./requests.ts"
import { addressOf, phaseOf } from "./states.ts"

export interface ProvisionOptions extends RequestsOptions {
  readonly instances: Instances
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
  /** The key that a machine of this token shows, `ssh-ed25519 AAAA…`. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
}

/** Between looks at what became of one that is not listed. */
const looksEvery = 5
const atOnce = 16

export const makeProvision = ({ hostKeyOf, instances, settings, ...options }: ProvisionOptions) => {
  const { gcp, operations } = options
  const { callsFor, carry, isUnsure } = makeRequests(options)

  const namesOf = ({ tags, token }: ProvisionRequest, ranks: ReadonlyArray<number>) =>
    ranks.map((rank) => instanceName(tags.clusterName, token, rank))

  const remove = (zone: string, names: ReadonlyArray<string>) =>
    Effect.forEach(
      names,
      (name) =>
        Effect.mapError(
          operations.gone(
            gcp.ask("instances.delete", zone, async ({ instances: client, project }, options) =>
              begunAs(await (await client()).delete({ project, zone, instance: name }, options))
            )
          ),
          later
        ),
      { concurrency: atOnce, discard: true }
    )

  const isOurs = ({ tags, token }: ProvisionRequest, instance: Instance) => {
    const label = labelOf(instance)
    return label !== null && label.token === token && label.tags.cluster === tags.cluster
  }

  /** What has the names: those machines, asked for under another id; or somebody else's. */
  const settleTaken = Effect.fn("Provision.settleTaken")(function* (
    wish: ProvisionRequest,
    names: ReadonlyArray<string>,
    error: CloudError
  ) {
    const found = yield* Effect.mapError(
      Effect.forEach(names, (name) => instances.named(wish.offer.zone!, name), { concurrency: atOnce }),
      later
    )
    const there = found.filter((one) => one !== undefined)
    if (there.length > 0 && there.every((one) => isOurs(wish, one))) return
    return there.length === 0
      ? yield* passingBy("NotListedYet", `what became of the request is not known yet: ${error.message}`)
      : yield* refusedBy("NameTaken", error.message)
  })

  /** A refusal keeps nothing: what was made of it all the same goes. */
  const clear = Effect.fn("Provision.clear")(function* (wish: ProvisionRequest, names: ReadonlyArray<string>) {
    const { instances: listed } = yield* Effect.mapError(instances.ofLog(wish.tags.log), later)
    yield* remove(
      wish.offer.zone!,
      listed.filter((one) => names.includes(one.name ?? "") && isOurs(wish, one)).map(({ name }) => name!)
    )
  })

  const make = Effect.fn("Provision.make")(function* (wish: ProvisionRequest, ranks: ReadonlyArray<number>) {
    const calls = yield* callsFor(wish, ranks)
    const names = namesOf(wish, ranks)
    yield* Effect.forEach(calls, (call) => carry(wish, call), { concurrency: atOnce, discard: true }).pipe(
      Effect.catchIf(
        ({ code }) => isThere(code),
        (error) => settleTaken(wish, names, error)
      ),
      Effect.tapError(({ kind }) => (kind === "Refused" ? clear(wish, names) : Effect.void))
    )
  })

  /** Until all of them run and have an address. One that ends before takes the others with it. */
  const whenRunning = Effect.fn("Provision.whenRunning")(function* (wish: ProvisionRequest, names: ReadonlyArray<string>) {
    const zone = wish.offer.zone!
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    const missed = makeMissed()
    for (let look = 0; ; look++) {
      const { instances: listed } = yield* Effect.mapError(instances.ofLog(wish.tags.log), later)
      const there = names.map((name) => listed.find((one) => one.name === name && isOurs(wish, one)))
      if (there.every((one) => one !== undefined && phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null))
        return there as ReadonlyArray<Instance>
      const isOff = (one: Instance) => ["stopping", "stopped"].includes(phaseOf(one))
      const suspects = names.filter((_, i) => there[i] === undefined || isOff(there[i]))
      if (suspects.length > 0 && (look % looksEvery === 0 || there.some((one) => one !== undefined && isOff(one)))) {
        const endings = yield* Effect.mapError(operations.endings(zone, suspects), later)
        const nowMs = yield* steadyMs
        const isLost = (name: string) => !there.some((one) => one?.name === name) && missed.isLong(name, nowMs)
        const ended = suspects.find((name) => endings.has(name) || isLost(name))
        if (ended !== undefined) {
          yield* remove(
            zone,
            names.filter((_, i) => there[i] !== undefined)
          )
          return yield* refusalOf(ended, endings.get(ended))
        }
      }
      yield* Effect.sleep(pauseMs)
    }
  })

  return Effect.fn("Provision")(function* (wish: ProvisionRequest): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const { offer, ranks, tags, token } = wish
    // What was asked for as a whole is found as a whole.
    const accepted = isUnsure(wish) ? yield* Effect.mapError(operations.ofRequest(offer.zone!, requestId(token, ranks)), later) : undefined
    const before = isUnsure(wish) && accepted === undefined ? yield* Effect.mapError(instances.ofLog(tags.log), later) : undefined
    const had = before?.instances.flatMap((one) => (isOurs(wish, one) ? [labelOf(one)!.rank] : [])) ?? []
    const missing = ranks.filter((rank) => !had.includes(rank))
    if (missing.length > 0) yield* make(wish, missing)
    const running = yield* whenRunning(wish, namesOf(wish, ranks))
    const hostKey = yield* hostKeyOf(token)
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    return running.map(
      (instance, i): Provisioned => ({
        rank: ranks[i]!,
        node: nodeOf(token, ranks[i]!),
        address: addressOf(instance, useInternalIps)!,
        host: instance.name!,
        hostKey
      })
    )
  })
}
