/** What JSON cannot say: it would leave it out, or say something else, and nobody would hear of it. */
import { ValueError } from "./SkyError.ts"

const depthMax = 1_000

export interface Unsaid {
  readonly path: ReadonlyArray<string>
  /** What stands there, in words. */
  readonly what: string
}

/** Of whatever realm. */
const tagOf = (value: object) => Object.prototype.toString.call(value).slice("[object ".length, -1)

/** One with names and values, not a Date, a Map, a Promise, …, of which neither would be seen. */
export const isPlain = (value: unknown): value is object => typeof value === "object" && value !== null && tagOf(value) === "Object"

const whatOf = (value: object, around: ReadonlyArray<object>): string | undefined => {
  if (around.includes(value)) return "what it is in itself"
  if (around.length >= depthMax) return `more than ${depthMax} levels deep`
  if (Array.isArray(value)) return undefined
  if (!isPlain(value)) return `a value of the kind ${tagOf(value)}`
  return "toJSON" in value ? "an object with a toJSON of its own" : undefined
}

/** The first of them; undefined where JSON says all. What is undefined in an object is absent. */
export const unsaidIn = (value: unknown, path: ReadonlyArray<string> = [], around: ReadonlyArray<object> = []): Unsaid | undefined => {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : { path, what: String(value) }
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return { path, what: `a ${typeof value}` }
  if (typeof value !== "object" || value === null) return undefined
  const what = whatOf(value, around)
  if (what !== undefined) return { path, what }
  for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const at = [...path, String(key)]
    if (inner === undefined && Array.isArray(value)) return { path: at, what: "nothing" }
    const unsaid = unsaidIn(inner, at, [...around, value])
    if (unsaid !== undefined) return unsaid
  }
  return undefined
}

export const inWords = ({ path, what }: Unsaid): string => `${path.length === 0 ? "it" : path.join(".")} is ${what}, which JSON cannot say.`

/** The same, if JSON can say it. */
export const sayable = <A extends object>(params: A, of: string): A => {
  let unsaid: Unsaid | undefined
  try {
    unsaid = unsaidIn(params)
  } catch (cause) {
    throw new ValueError(`${of}: what it is given cannot be looked at.`, { cause })
  }
  if (unsaid !== undefined) throw new ValueError(`${of}: ${inWords(unsaid)}`)
  return params
}
