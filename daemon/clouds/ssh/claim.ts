/**
 * Takes machines of a pool for the ranks of a token: all or none, and the same ones however often it is asked. Which they are is read from the machines
 * themselves, where each lease says whose it is. A machine that may have one and is not reached is waited for: else it would be had twice.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { decodeTime } from "ulid"
import type { NodeId, NodeToken } from "../../../events/ids.ts"
import { refused, transient } from "../../over-ssh/errors.ts"
import { addressFor } from "../../remote/addresses.ts"
import type { CloudError, NodeRef, Provisioned, ProvisionRequest } from "../Cloud.ts"
import type { Hardware } from "../fit-machine.ts"
import type { Found, Looked } from "./looks.ts"
import { fitting, isFound, leaseOf, named, tooFew, whyShared } from "./offers.ts"
import type { PoolMachines } from "./PoolMachines.ts"
import { machinesOf } from "./pools.ts"
import type { StateFolder } from "./state-folder.ts"

export interface ClaimOptions {
  readonly machines: PoolMachines
  readonly take: StateFolder["take"]
  /** Who is older may have been asked for by another process. */
  readonly sinceMs: number
}

const tokensMax = 1000
const atOnce = 32
/** Of a machine that cannot be made ready, and of one that was lost meanwhile: nothing was claimed there. */
const unusable = "Unusable"
const lost = "Lost"
/** Another machine may do. */
const whyNotThere = ({ code, message }: CloudError): string | null => {
  if (code === "Taken" || code === "LeaseMoved") return "another cluster had it first"
  return code === unusable || code === lost ? message : null
}

interface Seat {
  readonly rank: number
  readonly machine: Found
  /** By the look it has this rank already: no other will do. */
  readonly isHeld: boolean
}
type Tried = ReadonlyMap<Seat, Result.Result<Provisioned, CloudError>>

const nodeOf = (token: NodeToken, rank: number) => `${token}-${rank}` as NodeId

const isOfGang = ({ ranks }: ProvisionRequest) => ranks.some((rank) => rank > 0)

const isEnough = (offer: ProvisionRequest["offer"]) => (has: Hardware) => {
  if (has.cpus < offer.cpus) return `${has.cpus} CPUs, ${offer.cpus} are wanted`
  if (has.memoryGib < offer.memoryGib) return `${has.memoryGib} GiB of memory, ${offer.memoryGib} are wanted`
  const wanted = offer.accelerators
  if (wanted === null || (has.accelerators?.name === wanted.name && has.accelerators.count >= wanted.count)) return null
  return `${has.accelerators ? `${has.accelerators.name}:${has.accelerators.count}` : "no accelerators"}, ${wanted.name}:${wanted.count} is wanted`
}

export const makeClaims = ({ machines, sinceMs, take }: ClaimOptions) => {
  /** Machines that were asked under a token, by host. */
  const asked = new Map<NodeToken, Set<string>>()
  const askedFor = (token: NodeToken) => {
    const hosts = asked.get(token) ?? new Set()
    asked.set(token, hosts)
    for (const old of asked.keys()) if (asked.size > tokensMax && old !== token) asked.delete(old)
    return hosts
  }

  const claimOne = Effect.fn("claimOne")(function* ({ offer, tags, token }: ProvisionRequest, { machine, rank }: Seat) {
    const { ground, hostKey, target } = machine.reached
    const { accelerators, cpus, home, memoryGib } = ground
    yield* Effect.mapError(machines.prepare(machine, machine.reached), ({ isPassing, message }) =>
      transient(isPassing ? lost : unusable, message)
    )
    askedFor(token).add(machine.host)
    const stateFolder = yield* take(machine)
    const [made] = yield* machines.askOn(machine, hostKey, "provision", {
      tags,
      token,
      ranks: [{ rank, address: addressFor(ground, target.host) ?? target.host }],
      offer: { cloud: "ssh", region: offer.region, zone: null, cpus, memoryGib, accelerators },
      home,
      machine: ground.machine,
      survivesReboot: true,
      exclusive: true,
      stateFolder
    })
    return { rank, node: nodeOf(token, rank), address: made!.address, host: machine.host, hostKey } satisfies Provisioned
  })

  const giveBack = ({ offer, tags, token }: ProvisionRequest, { machine, rank }: Seat) => {
    const { host, reached } = machine
    const place = { region: offer.region, zone: null, address: null, host, hostKey: reached.hostKey }
    const ref: NodeRef = { tags, rank, node: nodeOf(token, rank), ...place }
    machines.forget(machine)
    return Effect.tap(machines.ask(ref, "terminate", ref), () => Effect.sync(() => machines.unpin(machine)))
  }

  /** Nothing of the ranks is kept: those that were had before as well. */
  const refuse = Effect.fn("refuse")(function* (request: ProvisionRequest, held: ReadonlyArray<Seat>, error: CloudError) {
    yield* Effect.forEach(held, (seat) => giveBack(request, seat), { concurrency: atOnce, discard: true })
    return yield* error
  })

  /** On the machines that have the ranks, and on others for those that nobody has. Null: not by looks that may be of a while ago. */
  const seatsOf = Effect.fn("seatsOf")(function* (
    request: ProvisionRequest,
    looked: ReadonlyArray<Looked>,
    without: ReadonlyMap<string, CloudError>,
    isCertain: boolean
  ) {
    const { offer, ranks, tags, token } = request
    const held = ranks.flatMap((rank): ReadonlyArray<Seat> => {
      const machine = looked.filter(isFound).find((one) => leaseOf(one)?.node === nodeOf(token, rank))
      return machine === undefined ? [] : [{ rank, machine, isHeld: true }]
    })
    const missing = ranks.filter((rank) => !held.some((seat) => seat.rank === rank))
    const mayHave = ({ host }: Looked) => (asked.get(token)?.has(host) ?? false) || decodeTime(token) < sinceMs
    const silent = looked.flatMap((machine) => (!isFound(machine) && mayHave(machine) ? [[machine.host, machine.why] as const] : []))
    const gone = [...(asked.get(token) ?? [])].filter((host) => !looked.some((machine) => machine.host === host))
    const unsure = [...silent, ...gone.map((host) => [host, "the pools file has it no more"] as const)]
    if (missing.length > 0 && unsure.length > 0) {
      if (!isCertain) return null
      return yield* transient("Unsure", `what was asked for may be on machines that are not reached (${named(unsure)})`)
    }
    const others = looked.filter((one) => !without.has(one.host) && !held.some(({ machine }) => machine === one))
    const { fit, reasons } = fitting(others, isOfGang(request), isEnough(offer))
    if (fit.length < missing.length) {
      if (!isCertain) return null
      const silentNow = others.flatMap((one) => (!isFound(one) && one.wasThere ? [[one.host, one.why] as const] : []))
      const lostNow = [...without].flatMap(([host, { code, message }]) => (code === lost ? [[host, message] as const] : []))
      const away = [...silentNow, ...lostNow]
      if (fit.length + away.length >= missing.length)
        return yield* transient("NotReached", `what answered a moment ago is not reached any more (${named(away)})`)
      const own = others.filter((one) => leaseOf(one)?.cluster === tags.cluster)
      const why = reasons.map(
        ([host, said]) => [host, own.some((one) => one.host === host) ? "it has another node of this cluster" : said] as const
      )
      const isShared = (host: string) => looked.map((one) => (one.host === host ? whyShared(one) : null)).find((said) => said !== null)
      const passedOver = [...without].map(([host, error]) => [host, isShared(host) ?? whyNotThere(error)!] as const)
      const has = held.length + fit.length
      const useless = [...without].filter(([, { code }]) => code === unusable)
      // Were it not for these there would be enough, and no other will be free later: that is what is to be mended.
      if (reasons.length === 0 && has + useless.length >= ranks.length)
        return yield* refuse(
          request,
          held,
          refused(unusable, named(useless.map(([host]) => [host, isShared(host) ?? without.get(host)!.message])))
        )
      const words = tooFew(offer.region ?? "", has, ranks.length, [...why, ...passedOver])
      return yield* refuse(request, held, refused("NoCapacity", words))
    }
    return [...held, ...missing.map((rank, i): Seat => ({ rank, machine: fit[i]!, isHeld: false }))]
  })

  const tryAll = Effect.fn("tryAll")(function* (request: ProvisionRequest, seats: ReadonlyArray<Seat>) {
    const results = yield* Effect.forEach(
      seats,
      (seat) => {
        machines.forget(seat.machine)
        return Effect.result(claimOne(request, seat))
      },
      { concurrency: atOnce }
    )
    return new Map(seats.map((seat, i) => [seat, results[i]!])) satisfies Tried
  })

  return Effect.fn("claim")(function* (request: ProvisionRequest): Effect.fn.Return<ReadonlyArray<Provisioned>, CloudError> {
    const pool = machinesOf(yield* machines.known, request.offer.region)
    const without = new Map<string, CloudError>()
    for (let isCertain = false; ; ) {
      // Who did not answer the offer's look is not waited for again, unless it matters.
      const looked = yield* machines.lookAll(pool, isCertain ? "now" : "reached now")
      const seats = yield* seatsOf(request, looked, without, isCertain)
      if (seats === null) {
        isCertain = true
        continue
      }
      const tried: Tried = yield* tryAll(request, seats)
      const failures = [...tried].flatMap(([seat, result]) => (Result.isFailure(result) ? [[seat, result.failure] as const] : []))
      if (failures.length === 0) return [...tried.values()].map((result) => Result.getOrThrow(result)).sort((a, b) => a.rank - b.rank)
      const final = failures.filter(([{ isHeld }, error]) => isHeld || whyNotThere(error) === null).map(([, error]) => error)
      // What is not known to be had or not is asked again: nothing is given back before.
      const passing = final.find(({ kind }) => kind === "Transient")
      if (passing !== undefined) return yield* passing
      if (final[0] !== undefined) {
        const got = [...tried].flatMap(([seat, result]) => (Result.isSuccess(result) ? [seat] : []))
        return yield* refuse(request, got, final[0])
      }
      for (const [{ machine }, error] of failures) without.set(machine.host, error)
    }
  })
}
