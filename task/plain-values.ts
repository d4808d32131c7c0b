/** Values that a task carries and nobody here interprets: whatever JSON can say, to a depth that everybody can walk. Pure. */
import * as Schema from "effect/Schema"

const depthMax = 32

const isNested = (value: unknown): value is object =>
  Array.isArray(value) || (typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value)))

/** Why it is none. Without recursion: what comes from outside may be deeper than any stack. */
export const plainProblem = (value: unknown): string | undefined => {
  const open: Array<readonly [value: unknown, depth: number]> = [[value, 0]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [inner, depth] = next
    if (depth > depthMax) return `nested more than ${depthMax} levels deep`
    if (typeof inner === "number" && !Number.isFinite(inner)) return `${inner} is no number that JSON knows`
    if (isNested(inner)) for (const each of Object.values(inner)) open.push([each, depth + 1])
    else if (!["string", "number", "boolean"].includes(typeof inner) && inner !== null) return `a ${typeof inner} is no plain value`
  }
  return undefined
}

export const PlainMapping = Schema.Record(Schema.String, Schema.Unknown).check(Schema.makeFilter((value) => plainProblem(value)))
