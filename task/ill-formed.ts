/** Texts that UTF-8 cannot write: half of a pair of UTF-16 would arrive as another character. Pure. */

/** Of what is nested deeper than a task can be nothing is asked. */
const depthMax = 64

/** Where the first of them stands, as a name or as a value; undefined for none. */
export const illFormedIn = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<string> | undefined => {
  if (typeof value === "string") return value.isWellFormed() ? undefined : path
  if (typeof value !== "object" || value === null || path.length > depthMax) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = key.isWellFormed() ? illFormedIn(inner, [...path, key]) : path
    if (found !== undefined) return found
  }
  return undefined
}
