/** What `-o json` prints: times as RFC 3339 and durations in seconds, whatever unit the wire carries. */
const inTimes = /(^a|A)tMs$|(^s|S)inceMs$/

export const forScripts = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(forScripts)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (!key.endsWith("Ms") || !(typeof inner === "number" || inner === null)) return [key, forScripts(inner)]
      const name = key.slice(0, -2)
      if (inner === null) return [name, null]
      return [name, inTimes.test(key) ? new Date(inner).toISOString() : inner / 1000]
    })
  )
}

export const jsonLine = (value: unknown): string => `${JSON.stringify(forScripts(value))}\n`
