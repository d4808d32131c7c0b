/**
 * Machines for the ranks of a token: all or none, and the same ones however often they are asked for. Every call may end without an answer, and the daemon
 * between any two of them. What was accepted is an operation that is found again by the id of its request; and names, which follow from the token, are given once.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { decodeTime } from "ulid"
import type { NodeToken } from "../../../events/ids.ts"
import { makeMissed } from "../../rented/missed.ts"
import { nodeOf } from "../../rented/node-ids.ts"
import { CloudError, type Provisioned, type ProvisionRequest } from "../Cloud.ts"
import type { Instance, Operation } from "./api.ts"
import type { Gcp } from "./client.ts"
import { endingsOf, refusalOf } from "./endings.ts"
import { failureOf, isNotThere, isThere, isThrottled, passingBy, refusedBy } from "./errors.ts"
import { type Instances, pauseMs } from "./Instances.ts"
import { bulkBody, kept, type Parts, requestId } from "./instance-body.ts"
import { instanceName, labelOf } from "./names.ts"
import type { Operations } from "./operations.ts"
import { addressOf, phaseOf } from "./states.ts"

export interface ProvisionOptions {
  readonly gcp: Gcp
  readonly instances: Instances
  readonly operations: Operations
  /** All that the cloud is told; asked of it before, and of files. */
  readonly partsOf: (request: ProvisionRequest) => Effect.Effect<Parts, CloudError>
  readonly settings: Effect.Effect<{ readonly useInternalIps: boolean }, CloudError>
  /** The key that a machine of this token shows, `ssh-ed25519 AAAA…`. */
  readonly hostKeyOf: (token: NodeToken) => Effect.Effect<string>
  /** Who is older may have been asked for by another process. */
  readonly sinceMs: number
}

/** Of what was accepted and then put off. */
const attemptsMax = 5
const attemptPauseMs = 5_000
/** Between looks at what became of one that is not listed. */
const looksEvery = 5
const atOnce = 16
/** Of a token that is forgotten it would not be known that an answer is missing. */
const tokensMax = 100_000

/** Something may be there: that we may not ask, or not now, says nothing of it. */
const later = ({ code, message }: CloudError) => passingBy(code, message)

/** One call, which makes all of it or, of machines that were kept, one of them. */
interface Call {
  readonly ranks: ReadonlyArray<number>
  readonly send: (id: string) => Effect.Effect<Operation, CloudError>
}

export const makeProvision = ({ gcp, hostKeyOf, instances, operations, partsOf, settings, sinceMs }: ProvisionOptions) => {
  /** Those that were asked for: an answer may be missing. */
  const asked = new Set<NodeToken>()
  const isUnsure = (token: NodeToken) => asked.has(token) || decodeTime(token) < sinceMs
  const isAsked = (token: NodeToken) =>
    Effect.sync(() => {
      asked.add(token)
      for (const old of asked) if (asked.size > tokensMax) asked.delete(old)
    })

  const namesOf = ({ tags, token }: ProvisionRequest, ranks: ReadonlyArray<number>) =>
    ranks.map((rank) => instanceName(tags.clusterName, token, rank))

  const callsFor = Effect.fn("Provision.callsFor")(function* (wish: ProvisionRequest, ranks: ReadonlyArray<number>) {
    const parts = yield* partsOf(wish)
    const zone = wish.offer.zone!
    if (!parts.root.isMachine) {
      const body = bulkBody(parts, ranks)
      if (body instanceof CloudError) return yield* body
      const send = (id: string) =>
        gcp.once("instances.bulkInsert", zone, async ({ instances: client, project }, options) => {
          const request = { project, zone, requestId: id, bulkInsertInstanceResourceResource: body }
          const [made] = await (await client()).bulkInsert(request, options)
          return made.latestResponse as Operation
        })
      return [{ ranks, send }] satisfies ReadonlyArray<Call>
    }
    return yield* Effect.forEach(ranks, (rank) => {
      const instanceResource = kept(parts, rank)
      if (instanceResource instanceof CloudError) return Effect.fail(instanceResource)
      const send = (id: string) =>
        gcp.once("instances.insert", zone, async ({ instances: client, project }, options) => {
          const [made] = await (await client()).insert({ project, zone, requestId: id, instanceResource }, options)
          return made.latestResponse as Operation
        })
      return Effect.succeed<Call>({ ranks: [rank], send })
    })
  })

  /** Until what was accepted is done. What is put off is asked for anew, under another id: this one stands for what failed. */
  const carry = Effect.fn("Provision.carry")(function* ({ token, offer }: ProvisionRequest, { ranks, send }: Call) {
    for (let attempt = 0; ; attempt++) {
      const id = requestId(token, ranks, attempt)
      const known = isUnsure(token) ? yield* Effect.mapError(operations.ofRequest(offer.zone!, id), later) : undefined
      yield* isAsked(token)
      const over = yield* Effect.mapError(operations.wait(known ?? (yield* send(id))), later)
      const failure = failureOf(over)
      if (failure === null) return
      if (!isThrottled(failure.code)) return yield* failure
      if (attempt + 1 >= attemptsMax) return yield* refusedBy(failure.code, failure.message)
      yield* Effect.sleep(attemptPauseMs * (attempt + 1))
    }
  })

  const remove = (zone: string, names: ReadonlyArray<string>) =>
    Effect.forEach(
      names,
      (name) =>
        gcp
          .ask("instances.delete", zone, async ({ instances: client, project }, options) => {
            const [made] = await (await client()).delete({ project, zone, instance: name }, options)
            return made.latestResponse as Operation
          })
          .pipe(
            Effect.flatMap(operations.done),
            Effect.catchIf(
              ({ code }) => isNotThere(code),
              () => Effect.void
            ),
            Effect.mapError(later)
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
        const endings = endingsOf(yield* Effect.mapError(operations.ofInstances(zone, suspects), later))
        const nowMs = yield* Clock.currentTimeMillis
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
    const accepted = isUnsure(token) ? yield* Effect.mapError(operations.ofRequest(offer.zone!, requestId(token, ranks)), later) : undefined
    const before = isUnsure(token) && accepted === undefined ? yield* Effect.mapError(instances.ofLog(tags.log), later) : undefined
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
