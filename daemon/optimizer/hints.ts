/** The way on for who wants what no list has: what is near, or what of it is too much. What it says is had is in the lists. Pure. */
import { quote } from "../../sdk/quote.ts"
import { parseAmount } from "../../task/amounts.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { anyRegion } from "../../task/images.ts"
import type { Need } from "../../task/Need.ts"
import { didYouMean } from "../../task/near.ts"
import type { Catalog } from "../catalog/Catalog.ts"
import { defaultCpus, isEnough } from "./instance-types.ts"
import { type Look, optimize } from "./optimize.ts"

const all = "All there is: sky show-gpus -a"
const nearMax = 8

/** Each of them once: the shortest name is most like the one that was asked for, and of each the fewest come first. */
export const nearIn = (looks: ReadonlyArray<Look>): string =>
  [...new Set(looks.flatMap(({ near }) => near))]
    .map((text) => [text, ...text.split(/:(?=[^:]*$)/)] as const)
    .sort(([, a = "", m], [, b = "", n]) => a.length - b.length || (a === b ? Number(m) - Number(n) : a < b ? -1 : 1))
    .slice(0, nearMax)
    .map(([text]) => text)
    .join(", ")

/** By how many each accelerator is had. */
export const countsIn = (catalogs: ReadonlyArray<Catalog>): ReadonlyMap<string, ReadonlyArray<number>> => {
  const kinds = catalogs.flatMap(({ attachable, types }) => [...attachable, ...types.flatMap(({ accelerators }) => accelerators ?? [])])
  const counts = Map.groupBy(kinds, ({ name }) => name)
  return new Map([...counts].map(([name, some]) => [name, [...new Set(some.map(({ count }) => count))].sort((a, b) => a - b)]))
}

/** The way on for a name of an accelerator that nobody has. */
export const meantIn = (name: string, known: Iterable<string>): string => {
  const meant = didYouMean(name, known)
  return meant === undefined ? all : `Did you mean '${meant}'? ${all}`
}

const ofAccelerators = (name: string, count: number, isSomewhere: boolean, catalogs: ReadonlyArray<Catalog>): string => {
  const counts = countsIn(catalogs)
  const own = counts.get(name)
  if (own === undefined) return meantIn(name, counts.keys())
  if (!own.includes(count)) return `${name} is had by ${own.join(", ")}: sky show-gpus ${quote(name)}`
  return isSomewhere
    ? `Where there is: sky show-gpus ${quote(name)} --all-regions`
    : `Machines with ${name}:${count}: sky show-gpus ${quote(`${name}:${count}`)}`
}

/** Who says a number means it; most mean at least so many. */
const exactIn = (need: Need, catalogs: ReadonlyArray<Catalog>): string | undefined => {
  for (const what of ["cpus", "memory"] as const) {
    const amount = need[what]
    if (amount === undefined || parseAmount(amount)?.or !== "exactly") continue
    const { ranked } = optimize({ needs: { kind: "one", items: [{ ...need, [what]: `${amount}+` }] }, numNodes: 1 }, catalogs)
    if (ranked.length > 0) return `${what}: ${amount} means exactly that, ${amount}+ at least that.`
  }
  return undefined
}

const ofSize = (need: Need, catalogs: ReadonlyArray<Catalog>): string => {
  const exact = exactIn(need, catalogs)
  if (exact !== undefined) return exact
  const { image_id: images = {}, memory, region, use_spot: useSpot = false, zone } = need
  const cpus = need.cpus ?? (memory === undefined ? defaultCpus : undefined)
  // Images by region say where it is to be.
  const named = Object.keys(images).filter((one) => one !== anyRegion)
  const regions = region !== undefined || named.length === 0 ? [region] : named
  const large = catalogs.flatMap((catalog) =>
    catalog.types
      // What comes with an accelerator only is of another kind.
      .filter(
        (type) =>
          type.accelerators === null && type.vcpus !== null && isEnough(type, cpus, memory) && !catalog.habits.mismatch(type, undefined)
      )
      .flatMap(({ name }) => {
        const prices = regions.flatMap((one) => catalog.usdPerHour({ instanceType: name, useSpot, region: one, zone }) ?? [])
        return prices.length === 0 ? [] : [{ cloud: catalog.cloud, name, usd: Math.min(...prices) }]
      })
  )
  const [first] = large.sort((a, b) => a.usd - b.usd)
  if (first !== undefined) return `Usual machines are not like that. One of ${cloudDisplay(first.cloud)}'s that is: -t ${first.name}`
  const most = (of: "vcpus" | "memoryGib") =>
    catalogs.reduce((least, { types }) => types.reduce((most, type) => Math.max(most, type[of] ?? 0), least), 0)
  return `No machine of ${catalogs.map(({ cloud }) => cloudDisplay(cloud)).join(" or ")} has more than ${most("vcpus")} vCPUs or ${most("memoryGib")} GiB of memory.`
}

/** Null where no list is of a cloud that may be meant. */
export const hintFor = (looks: ReadonlyArray<Look>, every: ReadonlyArray<Catalog>): string | null => {
  const [look] = looks
  if (look === undefined) return null
  const catalogs = every.filter(({ cloud }) => looks.some((one) => one.cloud === cloud))
  const isSomewhere = looks.some(({ need }) => (need.region ?? need.zone) !== undefined)
  const [kind] = looks.flatMap(({ need }) => Object.entries(need.accelerators ?? {}))
  const near = nearIn(looks)
  // By how many it is had says more than what is near; and what one cloud has on other machines, another's others do not replace.
  const isKnown = kind !== undefined && countsIn(catalogs).has(kind[0])
  if (near !== "" && (isSomewhere || !isKnown)) return `There is ${near}. ${all}`
  const lacking = looks.find(({ lacks }) => lacks !== undefined)
  if (lacking !== undefined) return `${cloudDisplay(lacking.cloud)}: ${lacking.lacks}.`
  const type = looks.find(({ need }) => need.instance_type !== undefined)?.need
  if (type !== undefined) return `There is no ${type.instance_type}${type.use_spot ? " as spot" : ""}${isSomewhere ? " there" : ""}.`
  return kind === undefined ? ofSize(look.need, catalogs) : ofAccelerators(kind[0], kind[1], isSomewhere, catalogs)
}
