/** What JSON cannot say: it would leave it out, or say something else, and nobody would hear of it. */

/** Of what is carried: to this depth everybody can walk, whatever their language. */
export const carriedDepthMax = 32
/** Of all that may be asked: what is carried in it stands some levels down. */
const depthMax = carriedDepthMax + 8

interface Unsaid {
  readonly path: ReadonlyArray<string>
  /** What stands there, in words. */
  readonly what: string
}

/** Of whatever realm. */
const tagOf = (value: object) => Object.prototype.toString.call(value).slice("[object ".length, -1)

/** One with names and values, not a Date, a Map, a Promise, …, of which neither would be seen. */
export const isPlain = (value: unknown): value is object => typeof value === "object" && value !== null && tagOf(value) === "Object"

const unsayable = (what: string) => `${what}, which JSON cannot say`

const whatOf = (value: object, around: ReadonlyArray<object>): string | undefined => {
  if (around.includes(value)) return unsayable("what it is in itself")
  if (Array.isArray(value)) return undefined
  if (!isPlain(value)) return unsayable(`a value of the kind ${tagOf(value)}`)
  return "toJSON" in value ? unsayable("an object with a toJSON of its own") : undefined
}

const search = (value: unknown, levels: number, path: ReadonlyArray<string>, around: ReadonlyArray<object>): Unsaid | undefined => {
  if (around.length > levels) return { path, what: `more than ${levels} levels deep` }
  if (typeof value === "number") return Number.isFinite(value) ? undefined : { path, what: unsayable(String(value)) }
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint")
    return { path, what: unsayable(`a ${typeof value}`) }
  if (typeof value !== "object" || value === null) return undefined
  const what = whatOf(value, around)
  if (what !== undefined) return { path, what }
  for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const at = [...path, String(key)]
    if (inner === undefined && Array.isArray(value)) return { path: at, what: unsayable("nothing") }
    const unsaid = search(inner, levels, at, [...around, value])
    if (unsaid !== undefined) return unsaid
  }
  return undefined
}

/** The first of them; undefined where JSON says all. What is undefined in an object is absent. */
export const unsaidIn = (value: unknown, levels = depthMax): Unsaid | undefined => search(value, levels, [], [])

/** Under the name that its place has there. */
export const unsaidWords = ({ what }: Unsaid, name: string): string => `${name === "" ? "it" : name} is ${what}`
