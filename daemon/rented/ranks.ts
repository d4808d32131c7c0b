/** Ranks as a tag can hold them. Pure. */
import { nodesMax } from "../../task/Task.ts"

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

/** Null for what no cluster has: anybody can write tags, and a few characters can name more ranks than there is memory for. */
export const ranksOf = (text: string): ReadonlyArray<number> | null => {
  const ranks: Array<number> = []
  for (const run of text.split(",")) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(run) ?? []
    const [first, last] = [Number(from ?? Number.NaN), Number(to)]
    if (!(first <= last && last < nodesMax && ranks.length + last - first < nodesMax)) return null
    for (let rank = first; rank <= last; rank++) ranks.push(rank)
  }
  return ranks
}
