/** `cpus` and `memory`: N exactly, "N+" at least, and for memory "Nx": at least N GiB for each vCPU. */
type Amount = number | string

interface Least {
  readonly number: number
  readonly or: "exactly" | "more" | "times cpus"
}

const pattern = /^((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([+x]?)$/i

/** Undefined for what is no positive amount. */
export const parseAmount = (value: Amount): Least | undefined => {
  const [, digits = "", sign = ""] = pattern.exec(String(value)) ?? []
  const number = Number.parseFloat(digits)
  if (!(Number.isFinite(number) && number > 0) || sign === "X") return undefined
  return { number, or: sign === "+" ? "more" : sign === "x" ? "times cpus" : "exactly" }
}

export const isCpus = (value: Amount) => (parseAmount(value)?.or ?? "times cpus") !== "times cpus"
export const isMemory = (value: Amount) => parseAmount(value) !== undefined

const signs = { exactly: "", more: "+", "times cpus": "x" }

export const amountText = (value: Amount): string => {
  const least = parseAmount(value)
  return least === undefined ? String(value) : `${least.number}${signs[least.or]}`
}

/** The number that has to be there at least. */
export const leastOf = (asked: Amount, cpus: number): number => {
  const least = parseAmount(asked)
  if (least === undefined) return 0
  return least.or === "times cpus" ? least.number * cpus : least.number
}

/** Whether `have` meets an amount as the YAML writes it. `undefined` and `null` ask for nothing. */
export const meets = (have: number, asked: Amount | null | undefined, cpus = 0): boolean => {
  if (asked === undefined || asked === null) return true
  const least = leastOf(asked, cpus)
  return parseAmount(asked)?.or === "exactly" ? have === least : have >= least
}
