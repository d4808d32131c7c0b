/**
 * Machines for the ranks of a token: all or none, and the same ones however often they are asked for. Every call may end without an answer,
 * and the daemon between any two of them. What was accepted is an operation that is found again by the id of its request; and names, which
 * follow from the token, are given once.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type NodeToken, nodeOf } from "../../../events/ids.ts"
import { later, passingBy, unseen } from "../../rented/errors.ts"
import { listsEveryMs } from "../../rented/lists.ts"
import { ownDisk } from "../../rented/own-disk.ts"
import { isOn } from "../../rented/phases.ts"
import { asAnswered } from "../../rented/second-calls.ts"
import { askedTokens } from "../asked-tokens.ts"
import type { CloudError, Provisioned } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import type { Instance, Operation } from "./api.ts"
import { bootDiskGib } from "./disk.ts"
import { isOver, refusalOf } from "./endings.ts"
import { isThere, refusedBy } from "./errors.ts"
import type { Instances } from "./Instances.ts"
import { requestId } from "./instance-body.ts"
import { isOurs, makeMade, namesOf } from "./made.ts"
import { makeRequests, type RequestsOptions } from "./requests.ts"
import { addressOf, phaseOf } from "./states.ts"

interface ProvisionOptions extends RequestsOptions {
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
  const { named, namedOurs, remove, unmake } = makeMade({ gcp, instances, operations })
  const endedFor = askedTokens((): { why: CloudError | null } => ({ why: null }))

  /** What has the names: those machines, asked for under another id; or somebody else's. */
  const settleTaken = Effect.fn("Provision.settleTaken")(function* (
    wish: ProvisionRequest,
    names: ReadonlyArray<string>,
    error: CloudError
  ) {
    const there = (yield* named(wish, names)).filter((one) => one !== undefined)
    if (there.length > 0 && there.every((one) => isOurs(wish, one))) return
    return there.length === 0
      ? yield* passingBy("NotListedYet", `what became of the request is not known yet: ${error.message}`)
      : yield* refusedBy("NameTaken", error.message)
  })

  /**
   * A refusal keeps nothing: what was made all the same goes, of this and of any request before it. `made`: they are there, or were; one of
   * which neither is to be seen is waited for.
   */
  const clear = Effect.fn("Provision.clear")(function* (wish: ProvisionRequest, made: ReadonlyArray<string>) {
    const names = namesOf(wish, wish.ranks)
    const there = yield* namedOurs(wish, names)
    const missing = made.filter((name) => there[names.indexOf(name)] === undefined)
    const endings = yield* Effect.mapError(operations.endings(wish.offer.zone!, missing), later)
    const late = missing.find((name) => !isOver(endings.get(name)))
    if (late !== undefined) return yield* passingBy("NotListedYet", `${late} was made, and is not to be seen yet`)
    yield* remove(
      wish.offer.zone!,
      names.filter((_, i) => there[i] !== undefined)
    )
  })

  /** Where that is cut short, what is ended by us by then is no reason of its own when it is gone on with. */
  const refuse = Effect.fn("Provision.refuse")(function* (wish: ProvisionRequest, refusal: CloudError, made: ReadonlyArray<string>) {
    const ended = endedFor(wish)
    ended.why ??= refusal
    yield* clear(wish, made)
    return yield* ended.why
  })

  const make = Effect.fn("Provision.make")(function* (wish: ProvisionRequest, ranks: ReadonlyArray<number>) {
    const calls = yield* Effect.mapError(callsFor(wish, ranks), asAnswered(isUnsure(wish)))
    // Each to its end, whatever the others come to: one that is left on its way makes its machine after all has been cleared.
    const ends = yield* Effect.forEach(
      calls,
      (call) =>
        carry(wish, call, unmake).pipe(
          Effect.map((operation) => namesOf(wish, call.ranks).map((name) => [name, operation] as const)),
          Effect.catchIf(
            ({ code }) => isThere(code),
            (error) => Effect.as(settleTaken(wish, namesOf(wish, call.ranks), error), [])
          ),
          Effect.result
        ),
      { concurrency: atOnce }
    )
    const failures = ends.flatMap((end) => (Result.isFailure(end) ? [end.failure] : []))
    const failed = failures.find(({ kind }) => kind !== "Refused") ?? failures[0]
    if (failed === undefined) return new Map(ends.flatMap((end) => (Result.isSuccess(end) ? end.success : [])))
    if (failed.kind === "Refused") {
      const refused = calls.flatMap(({ ranks: some }, i) => (Result.isFailure(ends[i]!) ? some : []))
      const made = wish.ranks.filter((rank) => !refused.includes(rank))
      return yield* refuse(wish, failed, namesOf(wish, made))
    }
    return yield* failed
  })

  /**
   * Until all of them run and have an address. One that ends before takes the others with it. That it ended is GCP's own word alone: one
   * that is not to be seen, however long, may be hidden from credentials that are others now, and run. `madeBy`: what was before that is of
   * a request that had failed.
   */
  const whenRunning = Effect.fn("Provision.whenRunning")(function* (
    wish: ProvisionRequest,
    names: ReadonlyArray<string>,
    madeBy: ReadonlyMap<string, Operation>
  ) {
    const zone = wish.offer.zone!
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    const isOff = (one: Instance | undefined) => one !== undefined && !isOn(phaseOf(one))
    const isUp = (one: Instance | undefined) => one !== undefined && phaseOf(one) === "running" && addressOf(one, useInternalIps) !== null
    const blind = unseen(`${names.join(", ")} ${names.length === 1 ? "is" : "are"} there`)
    for (let look = 0; ; look++) {
      const { instances: all, silent } = yield* Effect.mapError(instances.ofLog(wish.tags.log), blind)
      const listed = names.map((name) => all.find((one) => one.name === name && isOurs(wish, one)))
      const isDue = look % looksEvery === 0 && listed.includes(undefined)
      const asks = silent.has(zone) || isDue || listed.some(isOff)
      const there = asks ? yield* namedOurs(wish, names) : listed
      if (there.every(isUp)) return there as ReadonlyArray<Instance>
      const suspects = names.filter((_, i) => there[i] === undefined || isOff(there[i]))
      if (asks && suspects.length > 0) {
        const refusal = refusalOf(suspects, yield* Effect.mapError(operations.ofNames(zone, suspects), later), madeBy)
        if (refusal !== undefined) return yield* refuse(wish, refusal, names)
      }
      yield* Effect.sleep(listsEveryMs)
    }
  })

  return Effect.fn("Provision")(function* (wish: ProvisionRequest): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const { machine, offer, ranks, token } = wish
    // What was asked for as a whole is found as a whole.
    const accepted = isUnsure(wish) ? yield* Effect.mapError(operations.ofRequest(offer.zone!, requestId(token, ranks)), later) : undefined
    const names = namesOf(wish, ranks)
    const had = isUnsure(wish) && accepted === undefined ? yield* namedOurs(wish, names) : []
    const missing = ranks.filter((_, i) => had[i] === undefined)
    const madeBy = missing.length > 0 ? yield* make(wish, missing) : new Map<string, Operation>()
    const running = yield* whenRunning(wish, names, madeBy)
    const hostKey = yield* hostKeyOf(token)
    const { useInternalIps } = yield* Effect.mapError(settings, later)
    return running.map(
      (instance, i): Provisioned =>
        ownDisk(
          {
            rank: ranks[i]!,
            node: nodeOf(token, ranks[i]!),
            address: addressOf(instance, useInternalIps)!,
            host: instance.name!,
            hostKey
          },
          machine,
          bootDiskGib(instance)
        )
    )
  })
}
