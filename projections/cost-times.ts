/** When something ran, as it is known later than it was. Pure. */
import { type CostRow, msOf, type Run, usdOfAll } from "./CostRow.ts"
import type { Step } from "./log-clock.ts"

/** It stopped by itself at that time, and runs again: of what has ended nothing ran on from there. */
export const hadFired = (row: CostRow, atMs: number): CostRow => {
  const cut = <A extends Pick<Run, "startedAtMs" | "endedAtMs">>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
    all.map((one) => (one.startedAtMs <= atMs && atMs < one.endedAtMs ? { ...one, endedAtMs: atMs } : one))
  const [runs, spans] = [cut(row.runs), cut(row.spans)]
  const usd = row.usd + usdOfAll(runs) - usdOfAll(row.runs)
  return { ...row, runs, spans, usd, ranMs: row.ranMs + msOf(spans) - msOf(row.spans) }
}

/** After a step of the log's clock. */
export const shifted = (row: CostRow, { byMs, ranOnly, sinceMs: fromMs }: Step): CostRow => {
  const moved = (atMs: number) => (fromMs === null || atMs >= fromMs ? atMs + byMs : atMs)
  const movedOrNot = (atMs: number | null) => (atMs === null ? null : moved(atMs))
  const meters = row.meters.map((meter) => ({ ...meter, sinceMs: movedOrNot(meter.sinceMs) }))
  const asked = row.asked.map((one) => ({ ...one, sinceMs: moved(one.sinceMs) }))
  const refused = row.refused.map((one) => ({ ...one, sinceMs: moved(one.sinceMs) }))
  const lost = row.lost.map((one) => ({ ...one, sinceMs: movedOrNot(one.sinceMs) }))
  const running = { ...row, asked, lost, refused, meters, sinceMs: movedOrNot(row.sinceMs) }
  if (ranOnly) return running
  const both = <A extends Pick<Run, "startedAtMs" | "endedAtMs">>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
    all.map((one) => ({ ...one, startedAtMs: moved(one.startedAtMs), endedAtMs: moved(one.endedAtMs) }))
  const [runs, spans] = [both(row.runs), both(row.spans)]
  return {
    ...running,
    runs,
    spans,
    usd: row.usd + usdOfAll(runs) - usdOfAll(row.runs),
    ranMs: row.ranMs + msOf(spans) - msOf(row.spans),
    firedAtMs: movedOrNot(row.firedAtMs)
  }
}
