/** What a place refused and gave all the same: nobody knows of it until it is found, and it has cost since it was asked for. Pure. */
import { type NodeId, type NodeToken, nodeOf } from "../events/ids.ts"
import { type Asked, type CostRow, runsMax, usdOf } from "./CostRow.ts"

/** Of one cluster, requests that were refused, and of which something may run all the same: the newest. */
const refusedMax = 16

/** Its place has said no to it. */
export const withoutAsked = (row: CostRow, token: NodeToken | undefined): CostRow => {
  const [left, refused] = [row.asked.filter((one) => one.token !== token), row.asked.filter((one) => one.token === token)]
  const paid = refused.filter(({ usdPerHour }) => usdPerHour > 0)
  return { ...row, asked: left, refused: [...row.refused, ...paid].slice(-refusedMax) }
}

/** What was refused has run all the while, and ends: beside the cluster, in none of the times that it ran. */
export const refusedRan = (row: CostRow, node: NodeId, endedAtMs: number): CostRow => {
  const isIt = ({ ranks, token }: Asked) => ranks.some((rank) => nodeOf(token, rank) === node)
  const found = row.refused.find(isIt)
  if (found === undefined) return row
  const { sinceMs: startedAtMs, token, usdPerHour } = found
  const run = { usdPerHour, startedAtMs, endedAtMs }
  const others = found.ranks.filter((rank) => nodeOf(token, rank) !== node)
  const refused = row.refused.flatMap((one) => (one !== found ? [one] : others.length === 0 ? [] : [{ ...one, ranks: others }]))
  return { ...row, refused, usd: row.usd + usdOf(run), runs: [...row.runs, run].slice(-runsMax) }
}
