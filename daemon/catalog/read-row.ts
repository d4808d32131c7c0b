/** A row of a list: what is offered, where and for how much, or that it cannot be so. Pure. */
import { tpuVm } from "../../task/accelerators.ts"

/** A day of the largest TPU slice costs half of that. */
const usdMax = 100_000
/** A spot price is seldom above the other, and never by far. */
const spotTimesMax = 10
export const nameMaxChars = 64

/** What stands under a title. */
export type Cell = (title: string) => string

interface ListedRow {
  /** Empty for an accelerator that is put into machines. */
  readonly type: string
  /** Of the accelerator; empty where there is none. */
  readonly name: string
  readonly region: string
  readonly zone: string
  /** In millionths. */
  readonly usd: number | null
  readonly spot: number | null
}

/** As the lists write it: what is written otherwise is no price. */
export const numberOf = (text: string): number | null =>
  text.trim() === "" ? null : /^[\d.]+(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN
/** They are shown, and become parts of addresses and of requests. */
const isName = (text: string) => text === "" || (text.length <= nameMaxChars && /^[A-Za-z0-9][A-Za-z0-9 ._+()-]*$/.test(text))

/** Undefined: there is no such price. */
const millionths = (usd: number | null, most: number): number | null | undefined =>
  usd === null ? null : usd >= 0 && usd <= most ? Math.round(usd * 1e6) : undefined

/** `pricedApart`: accelerators have prices of their own. */
export const readRow = (cell: Cell, pricedApart: boolean): ListedRow | undefined => {
  const usd = millionths(numberOf(cell("Price")), usdMax)
  const spot = millionths(numberOf(cell("SpotPrice")), usd ? (usd / 1e6) * spotTimesMax : usdMax)
  if (usd === undefined || spot === undefined || (usd === null && spot === null)) return undefined
  const [type, name, region, zone] = [cell("InstanceType"), cell("AcceleratorName"), cell("Region"), cell("AvailabilityZone")]
  // A machine of unknown size would pass for one that is part of its accelerator, and free.
  const sizes = type === "" || type === tpuVm ? [] : [cell("vCPUs"), cell("MemoryGiB")]
  const amounts = [...sizes, ...(name === "" ? [] : [cell("AcceleratorCount") || "1"])]
  const isCounted = amounts.map(numberOf).every((amount) => amount !== null && amount > 0 && amount < Number.POSITIVE_INFINITY)
  const isWhole = isCounted && region !== "" && zone !== "" && (type !== "" || name !== "") && [type, name, region, zone].every(isName)
  // Nothing is free; where accelerators are priced apart, a machine may be paid with its own.
  const isFree = !pricedApart && (usd === 0 || spot === 0)
  const isElsewhere = type === "" && !pricedApart
  return isFree || isElsewhere || !isWhole ? undefined : { type, name, region, zone, usd, spot }
}
