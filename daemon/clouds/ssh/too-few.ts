/** What is said of pools that have too few machines for a task. Pure. */
import { inner } from "../../../task/sentence.ts"

const reasonsMax = 8
const poolsMax = 4

export const named = (reasons: ReadonlyArray<readonly [host: string, why: string]>): string => {
  const said = reasons
    .slice(0, reasonsMax)
    .map(([host, why]) => `${why.startsWith(`${host}: `) || why.startsWith(`${host} `) ? "" : `${host}: `}${inner(why)}`)
  return [...said, ...(reasons.length > reasonsMax ? [`and ${reasons.length - reasonsMax} more`] : [])].join("; ")
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

export interface Short {
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
export const inShort = (pools: ReadonlyArray<Short>, wanted: number): string => {
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
