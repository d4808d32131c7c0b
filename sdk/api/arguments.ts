/** What callers give, checked before anything is asked. JSON would make null of a NaN, and null means something else. */
import { didYouMean } from "../../task/near.ts"
import { isPlain } from "../../task/unsaid.ts"
import { ValueError } from "./SkyError.ts"

/** `null` and absent are the same, for every optional parameter. */
export type Maybe<A> = A | null | undefined

/** An options object without names that nobody knows: a mistyped one would be passed over in silence. */
export const options = <A extends object>(given: Maybe<A>, known: ReadonlyArray<keyof A & string>, of: string): A => {
  if (given === null || given === undefined) return {} as A
  if (!isPlain(given)) throw new TypeError(`${of} takes its options as one object, as in {${known[0]}: …}.`)
  const odd = Object.keys(given).find((name) => !(known as ReadonlyArray<string>).includes(name))
  if (odd !== undefined) {
    const near = didYouMean(odd, known)
    throw new TypeError(`${of} has no option '${odd}'.${near === undefined ? ` It has: ${known.join(", ")}` : ` Did you mean '${near}'?`}`)
  }
  return given
}

export const clusterName = (name: unknown): string => {
  if (typeof name === "string") return name
  throw new ValueError(`A cluster's name is needed, got ${shown(name)}.`)
}

/** Undefined for none. */
export const wholeNumber = (value: Maybe<number>, name: string): number | undefined => {
  if (value === null || value === undefined) return undefined
  if (typeof value === "number" && Number.isSafeInteger(value)) return value
  throw new ValueError(`${name} takes a whole number, got ${shown(value)}.`)
}

/** Null for none. */
export const minutesToAutostop = (value: Maybe<number>): number | null => {
  const minutes = wholeNumber(value, "idleMinutesToAutostop") ?? null
  if (minutes === null || minutes >= 0) return minutes
  throw new ValueError(`idleMinutesToAutostop takes whole minutes from 0 up, got ${minutes}.`)
}

export const wholeNumbers = (values: Maybe<Iterable<number>>, name: string): ReadonlyArray<number> | undefined => {
  if (values === null || values === undefined) return undefined
  if (typeof values !== "object" || !(Symbol.iterator in values))
    throw new ValueError(`${name} takes a list of numbers, got ${shown(values)}.`)
  return [...values].map((value) => wholeNumber(value ?? Number.NaN, name)!)
}

const shownMaxChars = 60

/** A value as a sentence can hold it. */
export const shown = (value: unknown): string => {
  if (value === null || value === undefined) return "nothing"
  if (typeof value === "function") return "a function"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object") return "an object"
  const text = typeof value === "string" ? `'${value}'` : String(value)
  return text.length > shownMaxChars ? `${text.slice(0, shownMaxChars - 1)}…` : text
}

/** Undefined for none. */
export const yesOrNo = (value: Maybe<boolean>, name: string): boolean | undefined => {
  if (value === null || value === undefined) return undefined
  if (typeof value === "boolean") return value
  throw new ValueError(`${name} takes true or false, got ${shown(value)}.`)
}
