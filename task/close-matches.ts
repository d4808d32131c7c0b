/** Names much like one that is mistyped, by the share of letters that the two have in common in the same order (Ratcliff and Obershelp). */
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

export const closeMatches = (word: string, known: Iterable<string>): ReadonlyArray<string> => {
  if (word.length > wordMaxChars) return []
  const rated = [...new Set(known)].map((name) => [(2 * common(name, word)) / (name.length + word.length || 1), name] as const)
  const near = rated.filter(([ratio]) => ratio >= cutoff).sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? 1 : -1))
  return near
    .slice(0, nearMax)
    .map(([, name]) => name)
    .sort()
}
