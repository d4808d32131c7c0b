/** Names near to one that is mistyped. Pure. */

/** Edits between two words; two letters that changed places are one edit. */
const distance = (a: string, b: string) => {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(row[j - 1]! + 1, rows[i - 1]![j]! + 1, rows[i - 1]![j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}

/** The nearest of `known`, when it is near enough to be what was meant. */
export const didYouMean = (word: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    if (candidate === word) continue
    const d = distance(word.toLowerCase(), candidate.toLowerCase())
    // Of names that have nothing in common one is not near to the other, however short they are.
    if (d < least && d < Math.max(word.length, candidate.length)) [best, least] = [candidate, d]
  }
  return best
}

const longestCommon = (a: string, b: string): readonly [fromA: number, fromB: number, length: number] => {
  let best: readonly [number, number, number] = [0, 0, 0]
  let above: ReadonlyArray<number> = []
  for (let i = 0; i < a.length; i++) {
    const row: Array<number> = []
    for (let j = 0; j < b.length; j++) {
      const length = a[i] === b[j] ? (above[j - 1] ?? 0) + 1 : 0
      row.push(length)
      if (length > best[2]) best = [i - length + 1, j - length + 1, length]
    }
    above = row
  }
  return best
}

const common = (a: string, b: string): number => {
  const [i, j, length] = longestCommon(a, b)
  if (length === 0) return 0
  return length + common(a.slice(0, i), b.slice(0, j)) + common(a.slice(i + length), b.slice(j + length))
}

const nearMax = 5
const cutoff = 0.9
/** Longer names are nobody's region. */
const wordMaxChars = 64

/** Names much like it, by the share of letters that the two have in common in the same order (Ratcliff and Obershelp). */
export const closeMatches = (word: string, known: Iterable<string>): ReadonlyArray<string> => {
  if (word.length > wordMaxChars) return []
  const rated = [...new Set(known)].map((name) => [(2 * common(name, word)) / (name.length + word.length || 1), name] as const)
  const near = rated.filter(([ratio]) => ratio >= cutoff).sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? 1 : -1))
  return near
    .slice(0, nearMax)
    .sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? -1 : 1))
    .map(([, name]) => name)
}

const saidMax = 6

/** `Did you mean 'a' or 'b'?`; of dozens the first. Empty where none is near. */
export const meantText = (near: ReadonlyArray<string>): string => {
  const said = near.slice(0, saidMax).map((name) => `'${name}'`)
  const more = near.length - said.length
  return near.length === 0 ? "" : `Did you mean ${[...said, ...(more > 0 ? [`one of ${more} more`] : [])].join(" or ")}?`
}

/** Those that are much like it, the likest first; where there are none, the nearest that may be meant. */
export const nearestTo = (word: string, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  const same = known.find((name) => name.toLowerCase() === word.toLowerCase())
  if (same !== undefined) return [same]
  const close = closeMatches(word, known)
  const meant = close.length > 0 || word.length > wordMaxChars ? undefined : didYouMean(word, known)
  return meant === undefined ? close : [meant]
}
