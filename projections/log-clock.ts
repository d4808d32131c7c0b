/**
 * The clock that a log was written by, as the log itself shows it. That it was put back is seen at once; that it ran ahead is seen only
 * then: when what was written since some wait fits, by its own length, between what stood before that wait and now. Pure.
 */

/** Less is nothing to a price by the hour, and the way of clocks that are kept right. */
const stepMinMs = 60_000
/** Waits that are kept, the longest: one of them may have been none, but a step. */
const waitsMax = 32

interface Wait {
  readonly fromMs: number
  readonly toMs: number
}

export interface LogClock {
  readonly lastMs: number | null
  readonly waits: ReadonlyArray<Wait>
  /** It was put back at `atMs`, by so much, and may come back; what was written before had been moved from `sinceMs` on. */
  readonly back: { readonly atMs: number; readonly byMs: number; readonly sinceMs: number | null } | null
}

/**
 * Times from `sinceMs` on, or all, are by another clock than what follows: they move. `ranOnly`: those since when something runs, and no
 * others.
 */
export interface Step {
  readonly sinceMs: number | null
  readonly byMs: number
  readonly ranOnly: boolean
}

export const noClock: LogClock = { lastMs: null, waits: [], back: null }

const longest = (waits: ReadonlyArray<Wait>): ReadonlyArray<Wait> => {
  if (waits.length <= waitsMax) return waits
  const least = Math.min(...waits.map(({ fromMs, toMs }) => toMs - fromMs))
  const at = waits.findIndex(({ fromMs, toMs }) => toMs - fromMs === least)
  return waits.toSpliced(at, 1)
}

const putBack = (waits: LogClock["waits"], lastMs: number, atMs: number): readonly [LogClock, Step] => {
  const at = waits.findLastIndex(({ fromMs, toMs }) => fromMs <= atMs && lastMs - toMs <= atMs - fromMs)
  const byMs = atMs - lastMs
  // Where nothing tells since when it was wrong, all of it was.
  const { fromMs, toMs: sinceMs } = waits[at] ?? { fromMs: atMs, toMs: null }
  const left = [...waits.slice(0, Math.max(0, at)), ...(atMs - fromMs >= stepMinMs ? [{ fromMs, toMs: atMs }] : [])]
  return [
    { lastMs: atMs, waits: left, back: { atMs: lastMs, byMs: -byMs, sinceMs: sinceMs && sinceMs + byMs } },
    { sinceMs, byMs, ranOnly: false }
  ]
}

/** After what is written at that time, and what that says of times before. */
export const tick = (clock: LogClock, atMs: number): readonly [LogClock, Step?] => {
  const { back, lastMs, waits } = clock
  if (lastMs === null) return [{ ...clock, lastMs: atMs }]
  const waitedMs = atMs - lastMs
  if (waitedMs <= -stepMinMs) return putBack(waits, lastMs, atMs)
  const isThere = back !== null && atMs >= back.atMs
  const next = { lastMs: atMs, waits, back: isThere ? null : back }
  if (waitedMs < stepMinMs) return [next]
  // Put forward again by what it was put back: nobody can tell how long that took, and nothing is booked for it.
  if (isThere && waitedMs >= back.byMs - stepMinMs) return [next, { ...back, ranOnly: back.sinceMs !== null }]
  return [{ ...next, waits: longest([...waits, { fromMs: lastMs, toMs: atMs }]) }]
}
