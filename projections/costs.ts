/**
 * What clusters have cost: a meter for each node that runs, by the price in the fact that asked for it, so that a newer catalog changes
 * nothing. Clusters that are gone stay: the last ones each, older ones in a sum. Times are those of the log; where its clock was put back,
 * a meter stands still and never runs backwards.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { ClusterId, ClusterName, NodeId, NodeToken, Seq } from "../events/ids.ts"
import type { Recorded } from "../events/Recorded.ts"
import type { Offer } from "../events/values.ts"
import type { Projection } from "./Projection.ts"

/** Clusters that are gone and stay in memory, each by itself. */
const goneMax = 1000
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

export interface Costs {
  readonly rows: HashMap.HashMap<ClusterId, CostRow>
  /** Those that are gone, in a ring: the place of the next one holds the oldest. */
  readonly gone: HashMap.HashMap<number, ClusterId>
  readonly goings: number
  /** Those that are gone longest. */
  readonly older: { readonly clusters: number; readonly usd: number }
}

const blank = (id: ClusterId, name: ClusterName, createdSeq: Seq, launchedAtMs: number): CostRow => ({
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

const begin = (row: CostRow, which: Which, atMs: number): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) && meter.sinceMs === null ? { ...meter, sinceMs: atMs } : meter))
  return spanned({ ...row, meters, firedAtMs: null }, atMs)
}

const end = (row: CostRow, which: Which, seenAtMs: number, isKept = true): CostRow => {
  const atMs = Math.min(seenAtMs, row.firedAtMs ?? seenAtMs)
  const usd = row.meters.reduce((sum, meter) => sum + (which(meter) ? usdOf(meter, atMs) : 0), row.usd)
  const meters = row.meters.flatMap((meter) => (which(meter) ? (isKept ? [{ ...meter, sinceMs: null }] : []) : [meter]))
  return spanned({ ...row, usd, meters }, atMs)
}

/** It was told to start, and did not: as if nothing had been said. */
const refuse = (row: CostRow, which: Which): CostRow => {
  const meters = row.meters.map((meter) => (which(meter) ? { ...meter, sinceMs: null } : meter))
  return { ...row, meters, sinceMs: meters.some(({ sinceMs }) => sinceMs !== null) ? row.sinceMs : null }
}

const priceOf = ({ asked, offer }: CostRow, token: NodeToken) =>
  asked.find((one) => one.token === token)?.usdPerHour ?? offer?.usdPerHour ?? 0

const next = (row: CostRow, { atMs, event }: Recorded): CostRow => {
  switch (event._tag) {
    case "LaunchRequested":
    case "StartRequested":
      return { ...row, launchedAtMs: atMs }
    case "PlaceChosen":
      return { ...row, offer: event.offer, numNodes: event.numNodes }
    case "NodeRequested": {
      const { offer, ranks, token } = event
      return { ...row, asked: [...row.asked, { token, ranks, usdPerHour: offer.usdPerHour }] }
    }
    case "NodeProvisioned": {
      const { node, rank, token } = event
      const left = end(row, (meter) => meter.rank === rank, atMs, false)
      const asked = row.asked.flatMap((one) => {
        const ranks = one.token === token ? one.ranks.filter((other) => other !== rank) : one.ranks
        return ranks.length === 0 ? [] : [{ ...one, ranks }]
      })
      const meter = { rank, node, usdPerHour: priceOf(row, token), sinceMs: null }
      return begin({ ...left, asked, meters: [...left.meters, meter] }, (one) => one === meter, atMs)
    }
    case "NodeRefused":
      return { ...refuse(row, ({ node }) => node === event.node), asked: row.asked.filter(({ token }) => token !== event.token) }
    case "NodeStarting":
    case "NodeStarted":
      return begin(row, ({ rank }) => rank === event.rank, atMs)
    case "NodeStopped":
      return end(row, ({ rank }) => rank === event.rank, atMs)
    case "NodeReleased":
      return end(row, ({ node }) => node === event.node, atMs, false)
    case "NodeAbandoned": {
      const isPaid = row.meters.some(({ node, usdPerHour }) => node === event.node && usdPerHour > 0)
      return { ...end(row, ({ node }) => node === event.node, atMs, false), abandoned: row.abandoned + (isPaid ? 1 : 0) }
    }
    case "RequestAbandoned": {
      const asked = row.asked.filter(({ token }) => token !== event.token)
      return { ...row, asked, abandoned: row.abandoned + (priceOf(row, event.token) > 0 ? event.ranks.length : 0) }
    }
    case "AutostopFired":
      // Of a time before this one, when it is read late.
      return row.sinceMs === null || event.observedAtMs < row.sinceMs ? row : { ...row, firedAtMs: event.observedAtMs }
    case "ClusterImported":
      return { ...begin(row, () => true, atMs), asked: [] }
    case "ClusterGone":
      return { ...end(row, () => true, atMs, false), asked: [], goneAtMs: atMs }
    default:
      return row
  }
}

/** What never had a machine is not remembered. */
const leave = (state: Costs, row: CostRow): Costs => {
  if (row.spans.length === 0 && row.abandoned === 0) return { ...state, rows: HashMap.remove(state.rows, row.id) }
  const place = state.goings % goneMax
  const oldest = Option.flatMap(HashMap.get(state.gone, place), (id) => HashMap.get(state.rows, id))
  const rows = HashMap.set(state.rows, row.id, row)
  const left = { gone: HashMap.set(state.gone, place, row.id), goings: state.goings + 1 }
  if (Option.isNone(oldest)) return { ...state, ...left, rows }
  const older = { clusters: state.older.clusters + 1, usd: state.older.usd + oldest.value.usd }
  return { ...left, older, rows: HashMap.remove(rows, oldest.value.id) }
}

export const costs: Projection<Costs> = {
  name: "costs",
  version: 1,
  empty: { rows: HashMap.empty(), gone: HashMap.empty(), goings: 0, older: { clusters: 0, usd: 0 } },
  apply: (state, recorded) => {
    const { atMs, event, seq } = recorded
    if (!("cluster" in event)) return state
    const { cluster } = event
    if (event._tag === "ClusterCreated") return { ...state, rows: HashMap.set(state.rows, cluster, blank(cluster, event.name, seq, atMs)) }
    const found = HashMap.get(state.rows, cluster)
    if (Option.isNone(found) || found.value.goneAtMs !== null) return state
    const row = next(found.value, recorded)
    if (row === found.value) return state
    return row.goneAtMs === null ? { ...state, rows: HashMap.set(state.rows, cluster, row) } : leave(state, row)
  }
}
