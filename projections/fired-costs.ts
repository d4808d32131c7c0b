/** What a cluster that stopped by itself has cost, where that is heard only once it runs again. Pure. */
import { type CostRow, msOf, type Run, usdOfAll } from "./CostRow.ts"

/** It stopped by itself at that time, and runs again: of what has ended nothing ran on from there. */
export const hadFired = (row: CostRow, atMs: number): CostRow => {
  const cut = <A extends Pick<Run, "startedAtMs" | "endedAtMs">>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
    all.map((one) => (one.startedAtMs <= atMs && atMs < one.endedAtMs ? { ...one, endedAtMs: atMs } : one))
  const [runs, spans] = [cut(row.runs), cut(row.spans)]
  const usd = row.usd + usdOfAll(runs) - usdOfAll(row.runs)
  return { ...row, runs, spans, usd, ranMs: row.ranMs + msOf(spans) - msOf(row.spans) }
}
