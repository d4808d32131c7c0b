/** What callers give, as it will arrive. */
import { unsaidIn, unsaidWords } from "../../task/unsaid.ts"
import { ValueError } from "./SkyError.ts"

/** The same, if JSON can say it. */
export const sayable = <A extends object>(params: A, of: string): A => {
  let unsaid: ReturnType<typeof unsaidIn>
  try {
    unsaid = unsaidIn(params)
  } catch (cause) {
    throw new ValueError(`${of}: what it is given cannot be looked at.`, { cause })
  }
  if (unsaid !== undefined) throw new ValueError(`${of}: ${unsaidWords(unsaid, unsaid.path.join("."))}.`)
  return params
}

/** A copy that nobody else holds, of what JSON can say: the object that was given stays its owner's. */
export const ownCopy = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A
