/**
 * What one cluster has cost: a meter for each of its nodes, which runs from when the cloud was asked for it, or told to start it, to its
 * end. Pure. The cloud counts from when it gives one, and of that the log may hear days later: it is asked before, so this is never too
 * little. Where the log's clock took a step (`log-clock.ts`), the times before it move with it: a meter never runs backwards, and a year
 * that was none is not paid for.
 */
import { type ClusterId, type ClusterName, type NodeId, type NodeToken, type Seq, tokenOf } from "../events/ids.ts"
import type { MachineWish, Offer } from "../events/values.ts"

/** Of one cluster, times that it ran: the newest. What the others cost is in its sum. */
const spansMax = 100
/** Of one cluster, runs of its nodes whose times may still turn out to be wrong: the newest. */
export const runsMax = 256

const hourMs = 3_600_000

interface Meter {
  readonly rank: number
  readonly node: NodeId
  readonly usdPerHour: number
  /** Since when it runs, or may; null while it is stopped. */
  readonly sinceMs: number | null
}

/** A machine that costs something and was given up on: what it costs since then is known when it is found. */
export interface Lost extends Omit<Meter, "node"> {
  /** Null: nothing that is heard of it later tells what it did meanwhile. */
  readonly node: NodeId | null
  /** It was asked for, and may never have been. */
  readonly isUnsure: boolean
}

export interface Run {
  readonly usdPerHour: number
  readonly startedAtMs: number
  readonly endedAtMs: number
}

export interface Asked {
  readonly token: NodeToken
  readonly ranks: ReadonlyArray<number>
  readonly usdPerHour: number
  /** From here on they may run, whenever that is heard. */
  readonly sinceMs: number
}

export interface CostRow {
  readonly id: ClusterId
  readonly name: ClusterName
  readonly createdSeq: Seq
  readonly launchedAtMs: number
  readonly goneAtMs: number | null
  readonly numNodes: number
  readonly offer: Offer | null
  /** What its machines were asked to be, as in `ClusterRow`; what their disks began as is of no cost. */
  readonly machine: Omit<MachineWish, "clone">
  readonly cameGib: number | null
  readonly asked: ReadonlyArray<Asked>
  /** What costs something and was refused: what runs of it all the same has cost since it was asked for. */
  readonly refused: ReadonlyArray<Asked>
  readonly meters: ReadonlyArray<Meter>
  /** Ranks that were stopped when the log was imported, and nobody has told of since: others may have started them. */
  readonly unseen: ReadonlyArray<number>
  /** Of what has ended. */
  readonly usd: number
  readonly ranMs: number
  readonly runs: ReadonlyArray<Run>
  readonly spans: ReadonlyArray<{ readonly startedAtMs: number; readonly endedAtMs: number }>
  /** Since when any of its nodes runs. */
  readonly sinceMs: number | null
  /** When it stopped by itself, of which the log may hear much later. */
  readonly firedAtMs: number | null
  readonly lost: ReadonlyArray<Lost>
}

export const blank = (id: ClusterId, name: ClusterName, createdSeq: Seq, launchedAtMs: number): CostRow => ({
  id,
  name,
  createdSeq,
  launchedAtMs,
  goneAtMs: null,
  numNodes: 1,
  offer: null,
  machine: {},
  cameGib: null,
  asked: [],
  refused: [],
  meters: [],
  unseen: [],
  usd: 0,
  ranMs: 0,
  runs: [],
  spans: [],
  sinceMs: null,
  firedAtMs: null,
  lost: []
})

export const usdOf = ({ endedAtMs, startedAtMs, usdPerHour }: Run) => (Math.max(0, endedAtMs - startedAtMs) * usdPerHour) / hourMs
export const usdOfAll = (runs: ReadonlyArray<Run>) => runs.reduce((sum, run) => sum + usdOf(run), 0)

export const msOf = (all: CostRow["spans"]) => all.reduce((sum, { endedAtMs, startedAtMs }) => sum + endedAtMs - startedAtMs, 0)

const runOf = ({ sinceMs, usdPerHour }: Meter, endedAtMs: number): ReadonlyArray<Run> =>
  sinceMs === null ? [] : [{ usdPerHour, startedAtMs: sinceMs, endedAtMs }]

/** Up to a moment, with what still runs. */
export const costAt = ({ meters, ranMs, sinceMs, usd }: CostRow, atMs: number): { readonly usd: number; readonly ranMs: number } => ({
  usd: usd + usdOfAll(meters.flatMap((meter) => runOf(meter, atMs))),
  ranMs: ranMs + (sinceMs === null ? 0 : Math.max(0, atMs - sinceMs))
})

type Which = (meter: Meter) => boolean

const startOf = (meters: ReadonlyArray<Meter>) => Math.min(...meters.map(({ sinceMs }) => sinceMs ?? Number.POSITIVE_INFINITY))

export const begin = (row: CostRow, which: Which, atMs: number): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) && meter.sinceMs === null ? { ...meter, sinceMs: atMs } : meter))
  const begun = { ...row, meters, firedAtMs: null }
  if (meters.every((meter) => meter.sinceMs === null)) return begun
  // One that was asked for before others had ended has no part in the time that is told of already.
  const ownMs = Math.max(startOf(meters), row.spans.at(-1)?.endedAtMs ?? 0)
  return { ...begun, sinceMs: Math.min(row.sinceMs ?? ownMs, ownMs) }
}

export const seen = (row: CostRow, rank: number): CostRow =>
  row.unseen.includes(rank) ? { ...row, unseen: row.unseen.filter((other) => other !== rank) } : row

/** After some of its meters have ended. */
const spanned = (row: CostRow, atMs: number): CostRow => {
  const { meters, ranMs, sinceMs, spans } = row
  if (sinceMs === null || meters.some((meter) => meter.sinceMs !== null)) return row
  const endedAtMs = Math.max(sinceMs, atMs)
  const all = [...spans.slice(1 - spansMax), { startedAtMs: sinceMs, endedAtMs }]
  return { ...row, sinceMs: null, ranMs: ranMs + endedAtMs - sinceMs, spans: all }
}

/** What is said of a time before the present run is not of its end. */
export const inRun = ({ sinceMs }: CostRow, atMs: number) => sinceMs !== null && atMs >= sinceMs

export const end = (row: CostRow, which: Which, seenAtMs: number, { endedAtMs = seenAtMs, isKept = true } = {}): CostRow => {
  const atMs = Math.min(seenAtMs, row.firedAtMs ?? seenAtMs, inRun(row, endedAtMs) ? endedAtMs : seenAtMs)
  const ended = row.meters.filter(which).flatMap((meter) => runOf(meter, atMs))
  const usd = row.usd + usdOfAll(ended)
  const runs = [...row.runs, ...ended].slice(-runsMax)
  const meters = row.meters.flatMap((meter) => (which(meter) ? (isKept ? [{ ...meter, sinceMs: null }] : []) : [meter]))
  return spanned({ ...row, usd, runs, meters }, atMs)
}

/** It was told to start, and did not: as if nothing had been said. */
export const refuse = (row: CostRow, which: Which): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) ? { ...meter, sinceMs: null } : meter))
  return { ...row, meters, sinceMs: meters.some(({ sinceMs }) => sinceMs !== null) ? row.sinceMs : null }
}

/** It is given up on, and goes on as it was. */
export const lose = (row: CostRow, node: NodeId, atMs: number): ReadonlyArray<Lost> => {
  const isOff = row.firedAtMs !== null
  const lost = row.meters.filter((meter) => meter.node === node && meter.usdPerHour > 0)
  return lost.map((meter) => ({ ...meter, sinceMs: isOff || meter.sinceMs === null ? null : atMs, isUnsure: false }))
}

/** What is heard of a machine that was given up on: its meter has run all the while. */
export const recovered = (row: CostRow, node: NodeId): CostRow => {
  const found = row.lost.find((one) => one.node === node)
  if (found === undefined) return row
  const { rank, sinceMs, usdPerHour } = found
  const meter = { rank, node, usdPerHour, sinceMs: null }
  const known = { ...row, lost: row.lost.filter((one) => one !== found), meters: [...row.meters, meter] }
  return sinceMs === null ? known : begin(known, (one) => one === meter, sinceMs)
}

/** There is no more of what was asked for: the rest never was. */
export const neverWas = (lost: CostRow["lost"], token: NodeToken) =>
  lost.filter(({ isUnsure, node }) => !(isUnsure && node !== null && tokenOf(node) === token))
