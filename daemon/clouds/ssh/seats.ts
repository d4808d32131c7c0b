/** Which machine is to have which rank: those that have it, and for the others whatever is free and fits. Pure. */
import { nodeOf } from "../../../events/ids.ts"
import { acceleratorText, gives } from "../../../task/accelerators.ts"
import type { Hardware } from "../../../task/fit-machine.ts"
import { refused, transient } from "../../over-ssh/errors.ts"
import type { CloudError } from "../Cloud.ts"
import type { ProvisionRequest } from "../ProvisionRequest.ts"
import { fitting } from "./fitting.ts"
import { type FoundMachine, isFound, type Looked, leaseOf, whyShared } from "./Looked.ts"
import type { Passed } from "./outcome.ts"
import { named, tooFew } from "./too-few.ts"

export interface Seat {
  readonly rank: number
  readonly machine: FoundMachine
  /** By the look it has this rank already: no other will do. */
  readonly isHeld: boolean
}

/** `waits`: it may be otherwise later. `refused`: it will not, and what is held is given back. */
type Choice =
  | { readonly is: "chosen"; readonly seats: ReadonlyArray<Seat> }
  | { readonly is: "waits"; readonly error: CloudError }
  | { readonly is: "refused"; readonly held: ReadonlyArray<Seat>; readonly error: CloudError }

interface Known {
  /** Machines that were asked under this token, by host. */
  readonly asked: ReadonlySet<string>
  /** The token may be known to others than those. */
  readonly isInherited: boolean
  /** Machines that were tried in vain, by host. */
  readonly passed: ReadonlyMap<string, Passed>
}

const isOfGang = ({ ranks }: ProvisionRequest) => ranks.some((rank) => rank > 0)

const lessThanOffer = (offer: ProvisionRequest["offer"]) => (has: Hardware) => {
  if (has.cpus < offer.cpus) return `${has.cpus} CPUs, ${offer.cpus} are wanted`
  if (has.memoryGib < offer.memoryGib) return `${has.memoryGib} GiB of memory, ${offer.memoryGib} are wanted`
  const wanted = offer.accelerators
  if (wanted === null || gives(has.accelerators, wanted)) return null
  return `${has.accelerators ? acceleratorText(has.accelerators) : "no accelerators"}, ${acceleratorText(wanted)} is wanted`
}

type Reasons = ReadonlyArray<readonly [host: string, why: string]>

const waits = (code: string, message: string): Choice => ({ is: "waits", error: transient(code, message) })

/** Where a rank may be that is not seen. */
const whereItMayBe = (looked: ReadonlyArray<Looked>, { asked, isInherited }: Known): Reasons => [
  ...looked.flatMap((one) => (!isFound(one) && (isInherited || asked.has(one.host)) ? [[one.host, one.why] as const] : [])),
  ...[...asked].filter((host) => !looked.some((one) => one.host === host)).map((host) => [host, "the pools file has it no more"] as const)
]

/** Those that answered a moment ago. */
const awayNow = (others: ReadonlyArray<Looked>, { passed }: Known): Reasons => [
  ...others.flatMap((one) => (!isFound(one) && one.wasThere ? [[one.host, one.why] as const] : [])),
  ...[...passed].flatMap(([host, { is, why }]) => (is === "away" ? [[host, why] as const] : []))
]

export const chooseSeats = (request: ProvisionRequest, looked: ReadonlyArray<Looked>, known: Known): Choice => {
  const { offer, ranks, tags, token } = request
  const held = ranks.flatMap((rank): ReadonlyArray<Seat> => {
    const machine = looked.filter(isFound).find((one) => leaseOf(one)?.node === nodeOf(token, rank))
    return machine === undefined ? [] : [{ rank, machine, isHeld: true }]
  })
  const missing = ranks.filter((rank) => !held.some((seat) => seat.rank === rank))
  const unsure = whereItMayBe(looked, known)
  if (missing.length > 0 && unsure.length > 0)
    return waits("Unsure", `what was asked for may be on machines that are not reached (${named(unsure)})`)
  const isOther = (one: Looked) => !known.passed.has(one.host) && !held.some(({ machine }) => machine === one)
  // What was sent to a machine, and lost, may still come to it.
  const others = looked.filter(isOther).sort((a, b) => Number(known.asked.has(b.host)) - Number(known.asked.has(a.host)))
  const { fit, reasons } = fitting(others, isOfGang(request), lessThanOffer(offer))
  if (fit.length >= missing.length)
    return { is: "chosen", seats: [...held, ...missing.map((rank, i) => ({ rank, machine: fit[i]!, isHeld: false }))] }
  const away = awayNow(others, known)
  if (fit.length + away.length >= missing.length)
    return waits("NotReached", `what answered a moment ago is not reached any more (${named(away)})`)
  const isShared = (host: string) => looked.map((one) => (one.host === host ? whyShared(one) : null)).find((said) => said !== null)
  const passedOver = [...known.passed].map(([host, { is, why }]) => ({ is, said: [host, isShared(host) ?? why] as const }))
  const useless = passedOver.filter(({ is }) => is === "useless").map(({ said }) => said)
  const has = held.length + fit.length
  // Were it not for these there would be enough, and no other will be free later: that is what is to be mended.
  if (reasons.length === 0 && has + useless.length >= ranks.length)
    return { is: "refused", held, error: refused("Unusable", named(useless), "mending") }
  const ownHosts = new Set(others.filter((one) => leaseOf(one)?.cluster === tags.cluster).map(({ host }) => host))
  const why = reasons.map(([host, said]) => [host, ownHosts.has(host) ? "it has another node of this cluster" : said] as const)
  const words = tooFew(offer.region ?? "", has, ranks.length, [...why, ...passedOver.map(({ said }) => said)])
  return { is: "refused", held, error: refused("NoCapacity", words, "room") }
}
