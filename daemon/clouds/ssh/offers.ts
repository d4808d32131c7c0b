/** Which machines of the pools a task could have, and why each of the others is not among them. Pure. */
import type { Offer } from "../../../events/values.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { foreignOf, type Hardware, lessThan } from "../../../task/fit-machine.ts"
import type { Need } from "../../../task/Need.ts"
import { numNodesOf, type Task } from "../../../task/Task.ts"
import type { Offered } from "../Offered.ts"
import { ownOffer } from "../own-offer.ts"
import { fitting } from "./fitting.ts"
import { isFound, type Looked, whyTaken } from "./Looked.ts"
import { inShort, type Short, tooFew } from "./too-few.ts"

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
    if (fit.length >= wanted) return ownOffer("ssh", pool, common(fit.slice(0, wanted).map(({ reached }) => reached.ground)))
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

const kindsOn = (machines: ReadonlyArray<Looked>): ReadonlyArray<string> | null => {
  const seen = machines.filter(isFound).filter(({ reached }) => reached.ground.trouble === null)
  return seen.length < machines.length ? null : seen.flatMap(({ reached }) => reached.ground.accelerators?.name ?? [])
}

/** `machines`: of all pools that the task may have. */
export const offersOf = (machines: ReadonlyArray<Looked>, task: Task, faults: Faults = new Map()): Offered => {
  const needs = alternativesOf(task.resources).items.filter(({ cloud }) => cloud === undefined || cloud === "ssh")
  const answers = needs.map((need) => forNeed(machines, need, numNodesOf(task), faults))
  const offers = answers.flatMap((answer) => answer.offers)
  const reasons = [...new Set(answers.map(({ reason }) => reason))].filter((reason) => reason !== null)
  const isFirst = ({ region }: Offer, i: number) => offers.findIndex((one) => one.region === region) === i
  if (offers.length > 0) return { offers: offers.filter(isFirst), reason: null, lacks: false }
  const hint = answers.find((answer) => answer.hint !== undefined)?.hint
  return {
    offers: [],
    reason: reasons.join("; "),
    lacks: answers.length > 0 && answers.every(({ lacks }) => lacks === true),
    busy: answers.some(({ busy }) => busy === true),
    kinds: kindsOn(machines),
    ...(hint === undefined ? {} : { hint })
  }
}
