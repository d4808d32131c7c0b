/** Which types of a cloud a need may be met by, cheapest first: what it names, what is usual, or what has its accelerators. Pure. */
import { type Accelerators, acceleratorText, tpuVm } from "../../task/accelerators.ts"
import { meets } from "../../task/amounts.ts"
import type { Need } from "../../task/Need.ts"
import type { InstanceType } from "../../task/Offers.ts"
import type { Catalog } from "../catalog/Catalog.ts"

interface Machines {
  /** Cheapest first; the optimizer goes on with the first. */
  readonly types: ReadonlyArray<InstanceType>
  /** As the cloud spells them. */
  readonly accelerators: Accelerators | undefined
  /** What it has in place of accelerators that it has not: `NAME:COUNT`, cheapest first. */
  readonly near: ReadonlyArray<string>
  /** Why the type and the accelerators that were named do not go together, as a sentence. */
  readonly mismatch?: string
  /** Why there is none, as the middle of a sentence. */
  readonly lacks?: string
}

/** Of who says nothing of the size. */
export const defaultCpus = "8+"
const defaultMemory = "4x"
/** Counts are written as decimal fractions. */
const countError = 0.01

const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

const askedAccelerators = ({ accelerators }: Need): Accelerators | undefined => {
  const [entry] = Object.entries(accelerators ?? {})
  return entry && { name: entry[0], count: entry[1] }
}

const where = ({ region, use_spot, zone }: Need) => ({ region, zone, useSpot: use_spot ?? false })

export const isEnough = (type: InstanceType, cpus: Need["cpus"], memory: Need["memory"]) =>
  (cpus === undefined || (type.vcpus !== null && meets(type.vcpus, cpus))) &&
  (memory === undefined || (type.memoryGib !== null && meets(type.memoryGib, memory, type.vcpus ?? 0)))

/** Those that can be had, for less first; of the same price in the order of the list. */
const byPrice = <A>(priced: ReadonlyArray<readonly [A, number | undefined]>): ReadonlyArray<A> =>
  priced
    .flatMap(([one, usd]) => (usd === undefined ? [] : [[one, usd] as const]))
    .sort(([, a], [, b]) => a - b)
    .map(([one]) => one)

const onDemand = (catalog: Catalog) => (type: InstanceType) =>
  [type, catalog.usdPerHour({ instanceType: type.name, useSpot: false })] as const

const usual = (catalog: Catalog, need: Need): Machines => {
  const { cpus, memory } = need
  const least = cpus === undefined && memory === undefined ? defaultCpus : cpus
  const fits = (type: InstanceType) => isEnough(type, least, memory ?? defaultMemory)
  const isThere = ({ name }: InstanceType) => catalog.usdPerHour({ instanceType: name, ...where(need) }) !== undefined
  const families = catalog.types.filter(({ name }) => catalog.habits.families.some((family) => name.startsWith(family)))
  const types = byPrice(families.filter((type) => fits(type) && isThere(type)).map(onDemand(catalog)))
  if (types.length > 0 || (need.region ?? need.zone) === undefined) return { types: types.slice(0, 1), accelerators: undefined, near: [] }
  const others = catalog.types.filter((type) => type.accelerators === null && fits(type) && isThere(type))
  const [other] = byPrice(others.map((type) => [type, catalog.usdPerHour({ instanceType: type.name, ...where(need) })] as const))
  const lacks = other && `none of its usual machines is in ${need.zone ?? need.region}. Name the instance type, as ${other.name}`
  return { types: [], accelerators: undefined, near: [], ...(lacks === undefined ? {} : { lacks }) }
}

/** Names that hold the one asked for, by at least as many. */
const nearOf = (catalog: Catalog, need: Need, asked: Accelerators): ReadonlyArray<string> => {
  const word = asked.name.toLowerCase()
  const isNear = ({ count, name }: Accelerators) => count >= asked.count && name.toLowerCase().includes(word)
  const goods = { ...where(need), useSpot: false }
  const put = catalog.attachable
    .filter(isNear)
    .map((kind) => [kind, catalog.usdPerHour({ accelerators: kind, instanceType: tpuVm, ...goods })] as const)
  const own = catalog.types.flatMap(({ accelerators: kind, name }) =>
    kind !== null && isNear(kind) ? [[kind, catalog.usdPerHour({ instanceType: name, ...goods })] as const] : []
  )
  return [...new Set(byPrice([...put, ...own]).map(acceleratorText))]
}

const isKind = (asked: Accelerators) => (has: Accelerators | null) =>
  has !== null && isSame(has.name, asked.name) && Math.abs(has.count - asked.count) <= countError

const withAccelerators = (catalog: Catalog, need: Need, asked: Accelerators): Machines => {
  const { cpus, memory } = need
  const { habits } = catalog
  const isAsked = isKind(asked)
  const attached = catalog.attachable.find(isAsked)
  if (attached !== undefined && habits.hostsFor !== undefined) {
    const isThere = catalog.usdPerHour({ accelerators: attached, instanceType: tpuVm, ...where(need), useSpot: false }) !== undefined
    if (!isThere) return { types: [], accelerators: attached, near: nearOf(catalog, need, asked) }
    const hosts = habits.hostsFor(attached, need)
    const types = catalog.types.filter((type) => hosts.isHost(type) && isEnough(habits.sized(type, attached), hosts.cpus, hosts.memory))
    return { types: byPrice(types.map(onDemand(catalog))).slice(0, 1), accelerators: attached, near: [] }
  }
  const there = catalog.types.filter(
    ({ accelerators, name }) =>
      isAsked(accelerators) && catalog.usdPerHour({ instanceType: name, ...where(need), useSpot: false }) !== undefined
  )
  if (there.length === 0) return { types: [], accelerators: undefined, near: nearOf(catalog, need, asked) }
  const enough = there.filter((type) => isEnough(type, cpus, memory))
  const priced = enough.map((type) => [type, catalog.usdPerHour({ instanceType: type.name, ...where(need) })] as const)
  return { types: byPrice(priced), accelerators: there[0]!.accelerators!, near: [] }
}

export const machinesFor = (catalog: Catalog, need: Need): Machines => {
  const asked = askedAccelerators(need)
  if (need.instance_type === undefined) return asked === undefined ? usual(catalog, need) : withAccelerators(catalog, need, asked)
  const type = catalog.instanceType(need.instance_type)
  if (type === undefined) return { types: [], accelerators: undefined, near: [], lacks: `it has no type ${need.instance_type}` }
  const accelerators =
    asked === undefined
      ? undefined
      : (catalog.attachable.find(isKind(asked)) ?? (isKind(asked)(type.accelerators) ? type.accelerators! : asked))
  const mismatch = catalog.habits.mismatch(type, accelerators)
  if (mismatch !== undefined) return { types: [], accelerators, near: [], mismatch }
  return { types: [type], accelerators: accelerators ?? type.accelerators ?? undefined, near: [] }
}
