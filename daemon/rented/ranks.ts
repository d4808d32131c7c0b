/** Ranks as a tag can hold them. Pure. */

/** `0-3,7` */
export const ranksText = (ranks: ReadonlyArray<number>): string => {
  const runs: Array<[number, number]> = []
  for (const rank of ranks) {
    const last = runs.at(-1)
    if (last !== undefined && rank === last[1] + 1) last[1] = rank
    else runs.push([rank, rank])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",")
}

export const ranksOf = (text: string): ReadonlyArray<number> =>
  text.split(",").flatMap((run) => {
    const [from = 0, to = from] = run.split("-").map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
