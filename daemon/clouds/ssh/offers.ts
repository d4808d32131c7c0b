/** Which machines of the pools a task could have, and why each of the others is not among them. Pure. */
import type { Offer } from "../../../events/values.ts"
import { baseName } from "../../../machine/places.ts"
import type { NodeIdentity } from "../../../sdk/agent/node-folder.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import type { Need } from "../../../task/Need.ts"
import { numNodesOf, type Task } from "../../../task/Task.ts"
import { noAddress } from "../../over-ssh/agents.ts"
import { addressFor } from "../../remote/addresses.ts"
import type { Offered } from "../Cloud.ts"
import { foreignOf, type Hardware, lessThan } from "../fit-machine.ts"
import type { Found, Looked } from "./looks.ts"

const reasonsMax = 8
const poolsMax = 4

export const isFound = (looked: Looked): looked is Found => looked.reached !== null

/** Where the home is another machine's as well, what lies there may be of that one. */
const seenIn = ({ reached }: Looked) => {
  const lease = reached?.ground.lease ?? null
  if (lease === null || lease === "unreadable") return { lease: null, isElsewhere: false }
  return { lease, isElsewhere: (lease.machine ?? reached!.ground.machine) !== reached!.ground.machine }
}
export const leaseOf = (looked: Looked): NodeIdentity | null => {
  const { isElsewhere, lease } = seenIn(looked)
  return isElsewhere ? null : lease
}

export const whyShared = (looked: Looked): string | null => {
  const { isElsewhere, lease } = seenIn(looked)
  if (!isElsewhere || lease === null) return null
  return `it shares its home with ${lease.address}, which '${lease.clusterName}' has: skyd needs a home of its own on each machine`
}

/** Why nobody can have it now; null when it is free. */
export const whyTaken = (looked: Looked): string | null => {
  if (!isFound(looked)) return looked.why
  const { lease } = looked.reached.ground
  if (lease === "unreadable") return `leased by somebody: ${baseName}/lease there cannot be read`
  if (lease !== null) return whyShared(looked) ?? `leased by '${lease.clusterName}'`
  const { tenants } = looked.reached.ground
  return tenants.length === 0 ? null : `in use as another user of that machine, by ${tenants.join(", ")}`
}

export const named = (reasons: ReadonlyArray<readonly [host: string, why: string]>): string => {
  const said = reasons
    .slice(0, reasonsMax)
    .map(([host, why]) => `${why.startsWith(`${host}: `) || why.startsWith(`${host} `) ? "" : `${host}: `}${why.replace(/\.$/, "")}`)
  return [...said, ...(reasons.length > reasonsMax ? [`and ${reasons.length - reasonsMax} more`] : [])].join("; ")
}

const least = (numbers: ReadonlyArray<number>) => Math.min(...numbers)

/** What each of them has at least. */
const common = (all: ReadonlyArray<Hardware>): Hardware => {
  const [first] = all.map(({ accelerators }) => accelerators)
  const isShared = first && all.every(({ accelerators }) => accelerators?.name === first.name)
  return {
    cpus: least(all.map(({ cpus }) => cpus)),
    memoryGib: least(all.map(({ memoryGib }) => memoryGib)),
    accelerators: isShared ? { name: first.name, count: least(all.map(({ accelerators }) => accelerators!.count)) } : null
  }
}

/** In the order of the file, which is the user's. */
export const fitting = (machines: ReadonlyArray<Looked>, isGang: boolean, less: (hardware: Hardware) => string | null) => {
  const lack = ({ reached: { ground, target } }: Found) =>
    less(ground) ?? (isGang && addressFor(ground, target.host) === null ? noAddress : null)
  const fit: Array<Found> = []
  const reasons: Array<readonly [string, string]> = []
  const firsts = new Map<string, string>()
  /** The same one, where it is named as two users' or by two names. */
  const whySame = ({ host, reached }: Looked): string | null => {
    const kernel = reached?.ground.kernel ?? null
    const first = kernel === null ? undefined : firsts.get(kernel)
    if (kernel !== null && first === undefined) firsts.set(kernel, host)
    return first === undefined ? null : `it is the same machine as ${first}`
  }
  for (const machine of machines) {
    const taken = whyTaken(machine) ?? whySame(machine)
    const why = taken ?? (isFound(machine) ? lack(machine) : null)
    const trouble = isFound(machine) && machine.reached.ground.trouble
    if (why === null) fit.push(machine as Found)
    else reasons.push([machine.host, taken === null ? `it has ${why}${trouble ? `, and ${trouble}` : ""}` : why])
  }
  return { fit, reasons }
}

const offerOf = (pool: string, chosen: ReadonlyArray<Found>): Offer => {
  const { accelerators, cpus, memoryGib } = common(chosen.map(({ reached }) => reached.ground))
  const place = { cloud: "ssh", region: pool, zone: null, instanceType: null }
  return { ...place, cpus, memoryGib, accelerators, useSpot: false, usdPerHour: 0, catalog: null }
}

const machinesIn = (count: number) => (count === 0 ? "no machine" : `${count} machine${count === 1 ? "" : "s"}`)
const freeAndFit = (count: number) => `${machinesIn(count)} that ${count > 1 ? "are free and fit" : "is free and fits"}`

/** `reasons`: of all that do not. */
export const tooFew = (pool: string, has: number, wanted: number, reasons: ReadonlyArray<readonly [string, string]>) => {
  const all = has + reasons.length
  const areWanted = `${wanted} ${wanted === 1 ? "is" : "are"} wanted`
  return all < wanted
    ? `ssh/${pool} has only ${machinesIn(all)}, ${areWanted}`
    : `ssh/${pool} has ${freeAndFit(has)}, ${areWanted}${reasons.length === 0 ? "" : ` (${named(reasons)})`}`
}

interface Short {
  readonly pool: string
  readonly fit: number
  readonly all: number
  /** By what stands against them. */
  readonly leased: number
  readonly silent: number
  /** Free, and of the size that is asked for, but for the accelerators. */
  readonly bare: number
  /** As many as are wanted, were all free and reached. */
  readonly couldDo: boolean
  /** Of each machine. */
  readonly whole: string
}

const shortOf = ({ all, bare, fit, leased, pool, silent }: Short): string => {
  const less = all - fit - leased - silent - bare
  const counts = [leased, silent, bare, less]
  const why = [`${leased} leased`, `${silent} not reached`, `${bare} without such accelerators`, `${less} too small`].filter(
    (_, i) => counts[i]! > 0
  )
  return `${pool}: ${fit} of ${all}${why.length === 0 ? "" : `, ${why.join(", ")}`}`
}

/** A line a pool: who asks for no pool may have dozens. */
const inShort = (pools: ReadonlyArray<Short>, wanted: number): string => {
  const [first, ...others] = pools
  if (first !== undefined && others.length === 0) return first.whole
  const sorted = [...pools].sort((a, b) => Number(b.couldDo) - Number(a.couldDo))
  const lines = sorted.slice(0, poolsMax).map(shortOf)
  const more = pools.length - lines.length
  return [
    `none of the ${pools.length} ssh pools has ${freeAndFit(wanted)}`,
    ...lines,
    ...(more > 0 ? [`and ${more} more pool${more === 1 ? "" : "s"}`] : [])
  ].join("\n  ")
}

const poolsFor = (machines: ReadonlyArray<Looked>, { region }: Need): ReadonlyArray<readonly [string, ReadonlyArray<Looked>]> =>
  [...Map.groupBy(machines, ({ pool }) => pool)].filter(([pool]) => region === undefined || pool === region)

/** What is wrong with pools that cannot be used. */
type Faults = ReadonlyMap<string, string>

const forNeed = (machines: ReadonlyArray<Looked>, need: Need, wanted: number, faults: Faults): Offered => {
  const other = foreignOf(need)
  if (other !== undefined) return { offers: [], reason: `machines of an ssh pool have no ${other}`, lacks: true }
  const pools = poolsFor(machines, need)
  const answers = pools.map(([pool, own]): Offer | Short => {
    const { fit, reasons } = fitting(own, wanted > 1, (hardware) => lessThan(hardware, need))
    if (fit.length >= wanted) return offerOf(pool, fit.slice(0, wanted))
    const found = own.filter(isFound)
    const taken = found.filter((machine) => whyTaken(machine) !== null)
    const silent = own.length - found.length
    const later = taken.filter(({ reached }) => lessThan(reached.ground, need) === null).length
    const { accelerators: _, ...rest } = need
    const bare = found.filter(
      (machine) =>
        whyTaken(machine) === null && lessThan(machine.reached.ground, need) !== null && lessThan(machine.reached.ground, rest) === null
    ).length
    const couldDo = fit.length + later + silent >= wanted
    return {
      ...{ pool, fit: fit.length, all: own.length, leased: taken.length, silent, bare, couldDo },
      whole: tooFew(pool, fit.length, wanted, reasons)
    }
  })
  const offers = answers.filter((answer) => "cloud" in answer)
  if (offers.length > 0) return { offers, reason: null }
  const short = answers.filter((answer) => "whole" in answer)
  const [only, ...others] = pools.map(([pool]) => pool)
  return {
    offers: [],
    reason: short.length === 0 ? (faults.get(need.region ?? "") ?? `SSH has no pool '${need.region}'`) : inShort(short, wanted),
    busy: short.some(({ couldDo }) => couldDo),
    hint: `Your machines: sky ssh ls${others.length > 0 || only === undefined ? "" : ` ${only}`}`
  }
}

/** `machines`: of all pools that the task may have. */
export const offersOf = (machines: ReadonlyArray<Looked>, task: Task, faults: Faults = new Map()): Offered => {
  const needs = alternativesOf(task.resources).items.filter(({ cloud }) => cloud === undefined || cloud === "ssh")
  const answers = needs.map((need) => forNeed(machines, need, numNodesOf(task), faults))
  const offers = answers.flatMap((answer) => answer.offers)
  const reasons = [...new Set(answers.map(({ reason }) => reason))].filter((reason) => reason !== null)
  const isRegion = new Set<string | null>()
  const distinct = offers.filter(({ region }) => !isRegion.has(region) && isRegion.add(region))
  if (offers.length > 0) return { offers: distinct, reason: null, lacks: false }
  const hint = answers.find((answer) => answer.hint !== undefined)?.hint
  return {
    offers: [],
    reason: reasons.join("; "),
    lacks: answers.length > 0 && answers.every(({ lacks }) => lacks === true),
    busy: answers.some(({ busy }) => busy === true),
    ...(hint === undefined ? {} : { hint })
  }
}
