/** Envs in the texts of a value, `$NAME` and `${NAME}`, keys included. Names that are not known stay as they are. Pure. */

const pattern = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g

type Envs = Readonly<Record<string, string | null>>

const replacing =
  (envs: Envs) =>
  (whole: string, braced?: string, bare?: string): string => {
    const name = braced ?? bare ?? ""
    return Object.hasOwn(envs, name) ? (envs[name] ?? whole) : whole
  }

const inText = (text: string, envs: Envs) => text.replace(pattern, replacing(envs))

/** Walks the strings. What is nested deeper than a task can be is left alone. */
export const substitute = (value: unknown, envs: Envs, depth = 0): unknown => {
  if (typeof value === "string") return inText(value, envs)
  if (typeof value !== "object" || value === null || depth > 64) return value
  if (Array.isArray(value)) return value.map((each) => substitute(each, envs, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [inText(key, envs), substitute(each, envs, depth + 1)]))
}

/** How many characters all texts come to, without making any: a short file can ask for more than there is memory. */
export const charsIn = (value: unknown, envs: Envs): number => {
  const replaced = replacing(envs)
  let chars = 0
  for (const text of textsIn(value)) {
    chars += text.length
    for (const [whole, braced, bare] of text.matchAll(pattern)) chars += replaced(whole, braced, bare).length - whole.length
  }
  return chars
}

/** Two keys of one mapping that would become the same: one of their values would be lost. */
export const clashIn = (value: unknown, envs: Envs, depth = 0): readonly [key: string, other: string, both: string] | undefined => {
  if (typeof value !== "object" || value === null || depth > 64) return undefined
  const first = new Map<string, string>()
  for (const key of Array.isArray(value) ? [] : Object.keys(value)) {
    const both = inText(key, envs)
    const other = first.get(both)
    if (other !== undefined) return [other, key, both]
    first.set(both, key)
  }
  for (const each of Object.values(value)) {
    const clash = clashIn(each, envs, depth + 1)
    if (clash !== undefined) return clash
  }
  return undefined
}

const textsIn = (value: unknown, depth = 0): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null || depth > 64) return []
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap((each) => textsIn(each, depth + 1))]
}

/** The names that a value's texts ask for. */
export const namesIn = (value: unknown): ReadonlyArray<string> =>
  textsIn(value).flatMap((text) => [...text.matchAll(pattern)].map(([, braced, bare]) => braced ?? bare ?? ""))
