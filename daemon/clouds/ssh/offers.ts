/** Which machines of the pools a task could have, and why each of the others is not among them. Pure. */
import type { Offer } from "../../../events/values.ts"
import type { NodeIdentity } from "../../../sdk/agent/protocol.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import type { Need } from "../../../task/Need.ts"
import { numNodesOf, type Task } from "../../../task/Task.ts"
import { addressFor } from "../../remote/addresses.ts"
import { baseName } from "../../remote/ground.ts"
import type { Offered } from "../Cloud.ts"
import { foreignOf, type Hardware, lessThan } from "../fit-machine.ts"
import type { Found, Looked } from "./looks.ts"

const reasonsMax = 8

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
  return whyShared(looked) ?? (lease === null ? null : `leased by '${lease.clusterName}'`)
}

export const named = (reasons: ReadonlyArray<readonly [host: string, why: string]>): string => {
  const said = reasons.slice(0, reasonsMax).map(([host, why]) => `${host}: ${why.replace(/\.$/, "")}`)
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

/** Of its gang each node is reached by the others. */
export const noAddress = "no address but its own loopback, at which no other node reaches it"

/** In the order of the file, which is the user's. */
export const fitting = (machines: ReadonlyArray<Looked>, isGang: boolean, less: (hardware: Hardware) => string | null) => {
  const lack = ({ reached: { ground, target } }: Found) =>
    less(ground) ?? (isGang && addressFor(ground, target.host) === null ? noAddress : null)
  const fit: Array<Found> = []
  const reasons: Array<readonly [string, string]> = []
  for (const machine of machines) {
    const taken = whyTaken(machine)
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

export const tooFew = (pool: string, has: number, wanted: number, reasons: ReadonlyArray<readonly [string, string]>) =>
  `ssh/${pool} has ${has === 0 ? "no machine" : `${has} machine${has === 1 ? "" : "s"}`} that ${has > 1 ? "are" : "is"} free and fit${has > 1 ? "" : "s"}, ${wanted} ${wanted === 1 ? "is" : "are"} wanted${reasons.length === 0 ? "" : ` (${named(reasons)})`}`

const poolsFor = (machines: ReadonlyArray<Looked>, { region }: Need): ReadonlyArray<readonly [string, ReadonlyArray<Looked>]> =>
  [...Map.groupBy(machines, ({ pool }) => pool)].filter(([pool]) => region === undefined || pool === region)

const forNeed = (machines: ReadonlyArray<Looked>, need: Need, wanted: number): Offered => {
  const other = foreignOf(need)
  if (other !== undefined) return { offers: [], reason: `machines of an ssh pool have no ${other}`, lacks: true }
  const answers = poolsFor(machines, need).map(([pool, own]): Offer | string => {
    const { fit, reasons } = fitting(own, wanted > 1, (hardware) => lessThan(hardware, need))
    return fit.length >= wanted ? offerOf(pool, fit.slice(0, wanted)) : tooFew(pool, fit.length, wanted, reasons)
  })
  const offers = answers.filter((answer) => typeof answer !== "string")
  const reasons = answers.filter((answer) => typeof answer === "string")
  return { offers, reason: offers.length > 0 ? null : reasons.join("; ") || `there is no ssh pool '${need.region}'`, lacks: false }
}

/** `machines`: of all pools that the task may have. */
export const offersOf = (machines: ReadonlyArray<Looked>, task: Task): Offered => {
  const needs = alternativesOf(task.resources).items.filter(({ cloud }) => cloud === undefined || cloud === "ssh")
  const answers = needs.map((need) => forNeed(machines, need, numNodesOf(task)))
  const offers = answers.flatMap((answer) => answer.offers)
  const reasons = [...new Set(answers.map(({ reason }) => reason))].filter((reason) => reason !== null)
  const isRegion = new Set<string | null>()
  const distinct = offers.filter(({ region }) => !isRegion.has(region) && isRegion.add(region))
  return {
    offers: distinct,
    reason: offers.length > 0 ? null : reasons.join("; "),
    lacks: answers.length > 0 && answers.every(({ lacks }) => lacks === true)
  }
}
