/**
 * What one cluster has cost: a meter for each of its nodes, which runs from when the cloud gave it, or was told to start it, to its end. Pure.
 * Where the log's clock was put back, a meter stands still and never runs backwards.
 */
import type { ClusterId, ClusterName, NodeId, NodeToken, Seq } from "../events/ids.ts"
import type { Offer } from "../events/values.ts"

/** Of one cluster, times that it ran: the newest. What the others cost is in its sum. */
const spansMax = 100

const hourMs = 3_600_000

export interface Meter {
  readonly rank: number
  readonly node: NodeId
  readonly usdPerHour: number
  /** Since when it runs, or may; null while it is stopped. */
  readonly sinceMs: number | null
}

export interface CostRow {
  readonly id: ClusterId
  readonly name: ClusterName
  readonly createdSeq: Seq
  readonly launchedAtMs: number
  readonly goneAtMs: number | null
  readonly numNodes: number
  readonly offer: Offer | null
  readonly asked: ReadonlyArray<{ readonly token: NodeToken; readonly ranks: ReadonlyArray<number>; readonly usdPerHour: number }>
  readonly meters: ReadonlyArray<Meter>
  /** Of what has ended. */
  readonly usd: number
  readonly ranMs: number
  readonly spans: ReadonlyArray<{ readonly startedAtMs: number; readonly endedAtMs: number }>
  /** Since when any of its nodes runs. */
  readonly sinceMs: number | null
  /** When it stopped by itself, of which the log may hear much later. */
  readonly firedAtMs: number | null
  /** Machines that cost something and were given up on: what they have cost since is not known. */
  readonly abandoned: number
}

export const blank = (id: ClusterId, name: ClusterName, createdSeq: Seq, launchedAtMs: number): CostRow => ({
  id,
  name,
  createdSeq,
  launchedAtMs,
  goneAtMs: null,
  numNodes: 1,
  offer: null,
  asked: [],
  meters: [],
  usd: 0,
  ranMs: 0,
  spans: [],
  sinceMs: null,
  firedAtMs: null,
  abandoned: 0
})

const usdOf = ({ sinceMs, usdPerHour }: Meter, atMs: number) => (sinceMs === null ? 0 : (Math.max(0, atMs - sinceMs) * usdPerHour) / hourMs)

/** Up to a moment, with what still runs. */
export const costAt = ({ meters, ranMs, sinceMs, usd }: CostRow, atMs: number): { readonly usd: number; readonly ranMs: number } => ({
  usd: meters.reduce((sum, meter) => sum + usdOf(meter, atMs), usd),
  ranMs: ranMs + (sinceMs === null ? 0 : Math.max(0, atMs - sinceMs))
})

/** After its meters have changed: whether any of it runs. */
const spanned = (row: CostRow, atMs: number): CostRow => {
  const { meters, ranMs, sinceMs, spans } = row
  const runs = meters.some((meter) => meter.sinceMs !== null)
  if (runs === (sinceMs !== null)) return row
  if (sinceMs === null) return { ...row, sinceMs: atMs }
  const endedAtMs = Math.max(sinceMs, atMs)
  const all = [...spans.slice(1 - spansMax), { startedAtMs: sinceMs, endedAtMs }]
  return { ...row, sinceMs: null, ranMs: ranMs + endedAtMs - sinceMs, spans: all }
}

type Which = (meter: Meter) => boolean

export const begin = (row: CostRow, which: Which, atMs: number): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) && meter.sinceMs === null ? { ...meter, sinceMs: atMs } : meter))
  return spanned({ ...row, meters, firedAtMs: null }, atMs)
}

/** What is said of a time before the present run is not of its end. */
export const inRun = ({ sinceMs }: CostRow, atMs: number) => sinceMs !== null && atMs >= sinceMs

export const end = (row: CostRow, which: Which, seenAtMs: number, { endedAtMs = seenAtMs, isKept = true } = {}): CostRow => {
  const atMs = Math.min(seenAtMs, row.firedAtMs ?? seenAtMs, inRun(row, endedAtMs) ? endedAtMs : seenAtMs)
  const usd = row.meters.reduce((sum, meter) => sum + (which(meter) ? usdOf(meter, atMs) : 0), row.usd)
  const meters = row.meters.flatMap((meter) => (which(meter) ? (isKept ? [{ ...meter, sinceMs: null }] : []) : [meter]))
  return spanned({ ...row, usd, meters }, atMs)
}

/** It was told to start, and did not: as if nothing had been said. */
export const refuse = (row: CostRow, which: Which): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) ? { ...meter, sinceMs: null } : meter))
  return { ...row, meters, sinceMs: meters.some(({ sinceMs }) => sinceMs !== null) ? row.sinceMs : null }
}
