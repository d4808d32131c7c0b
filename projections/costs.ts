/**
 * What clusters have cost, by the price in the fact that asked for each node, so that a newer catalog changes nothing. Clusters that are
 * gone stay: the last ones each, older ones in a sum.
 */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { type ClusterId, type NodeId, type NodeToken, nodeOf } from "../events/ids.ts"
import type { Recorded } from "../events/Recorded.ts"
import { begin, blank, type CostRow, end, inRun, type Lost, lose, neverWas, recovered, refuse, seen } from "./CostRow.ts"
import { hadFired, shifted } from "./cost-times.ts"
import { type LogClock, noClock, tick } from "./log-clock.ts"
import { withPorts } from "./open-ports.ts"
import type { Projection } from "./Projection.ts"
import { offAgain } from "./refusals.ts"
import { refusedRan, withoutAsked } from "./refused-costs.ts"

/** Clusters that are gone and stay in memory, each by itself. */
const goneMax = 1000
export interface Costs {
  readonly rows: HashMap.HashMap<ClusterId, CostRow>
  /** Those that are gone, in a ring: the place of the next one holds the oldest. */
  readonly gone: HashMap.HashMap<number, ClusterId>
  readonly goings: number
  /** Those that are gone longest. */
  readonly older: { readonly clusters: number; readonly usd: number }
  /** Those that are gone and have had nothing but refusals: the newest. */
  readonly refused: HashMap.HashMap<ClusterId, CostRow>
  readonly clock: LogClock
}

const priceOf = ({ asked, offer }: CostRow, token: NodeToken) =>
  asked.find((one) => one.token === token)?.usdPerHour ?? offer?.usdPerHour ?? 0

const unsure = ({ asked }: CostRow, token: NodeToken): ReadonlyArray<Lost> =>
  asked
    .filter((one) => one.token === token && one.usdPerHour > 0)
    .flatMap(({ ranks, sinceMs, usdPerHour }) =>
      ranks.map((rank) => ({ rank, node: nodeOf(token, rank), usdPerHour, sinceMs, isUnsure: true }))
    )

const next = (row: CostRow, { atMs, event }: Recorded): CostRow => {
  switch (event._tag) {
    case "LaunchRequested":
    case "StartRequested":
      return { ...row, launchedAtMs: atMs }
    case "PlaceChosen":
      return { ...row, offer: event.offer, numNodes: event.numNodes }
    case "NodeRequested": {
      const { machine: { clone: _, ...machine } = {}, offer, ranks, refusedAgain, token } = event
      const left = withoutAsked(row, refusedAgain)
      const cameGib = row.meters.length === 0 ? null : row.cameGib
      return { ...left, offer, machine, cameGib, asked: [...left.asked, { token, ranks, usdPerHour: offer.usdPerHour, sinceMs: atMs }] }
    }
    case "PlacesExhausted":
      return withoutAsked(row, event.refusedAgain)
    case "NodeProvisioned": {
      const { diskGib: cameGib = row.cameGib, node, rank, token } = event
      const left = end(row, (meter) => meter.rank === rank, atMs, { isKept: false })
      const asked = row.asked.flatMap((one) => {
        const ranks = one.token === token ? one.ranks.filter((other) => other !== rank) : one.ranks
        return ranks.length === 0 ? [] : [{ ...one, ranks }]
      })
      const known = recovered({ ...left, asked }, node)
      const isIt = (one: { readonly node: NodeId }) => one.node === node
      const fresh = { rank, node, usdPerHour: priceOf(row, token), sinceMs: null }
      const meters = known.meters.some(isIt) ? known.meters : [...known.meters, fresh]
      return begin({ ...known, cameGib, meters }, isIt, row.asked.find((one) => one.token === token)?.sinceMs ?? atMs)
    }
    case "NodeRefused": {
      const isIt = ({ node }: { readonly node: NodeId }) => node === event.node
      const refused = event.code === offAgain ? end(row, isIt, atMs) : refuse(row, isIt)
      const lost = event.node === undefined ? neverWas(row.lost, event.token) : row.lost
      return withoutAsked({ ...refused, lost }, event.token)
    }
    case "PortsOpened":
      return { ...row, machine: withPorts(row.machine, event.ports) }
    case "NodeStarting":
    case "NodeStarted":
      return begin(seen(row, event.rank), ({ rank }) => rank === event.rank, atMs)
    case "RuntimeReady":
      // One that has stopped since its agent was asked does not run for its late answer.
      return row.unseen.includes(event.rank) ? begin(seen(row, event.rank), ({ rank }) => rank === event.rank, atMs) : row
    case "NodeStopped": {
      const stopped = end(seen(row, event.rank), ({ rank }) => rank === event.rank, atMs, event)
      if (event.confirmed !== false) return stopped
      return { ...stopped, lost: [...row.lost, ...lose(row, event.node, atMs).map((one) => ({ ...one, node: null }))] }
    }
    case "NodeReleased":
    case "LeakEnded": {
      const ended = "endedAtMs" in event ? event : {}
      const isIt = ({ node }: { readonly node: NodeId }) => node === event.node
      if (event.node === undefined) return row
      const paid = event._tag === "LeakEnded" ? refusedRan(row, event.node, atMs) : row
      return end(recovered(paid, event.node), isIt, atMs, { ...ended, isKept: false })
    }
    case "NodeAbandoned": {
      const left = end(row, ({ node }) => node === event.node, atMs, { isKept: false })
      return { ...left, lost: [...row.lost, ...lose(row, event.node, atMs)] }
    }
    case "RequestAbandoned":
      return { ...row, asked: row.asked.filter(({ token }) => token !== event.token), lost: [...row.lost, ...unsure(row, event.token)] }
    case "AutostopFired":
      if (event.past) return hadFired(row, event.observedAtMs)
      return inRun(row, event.observedAtMs) ? { ...row, firedAtMs: event.observedAtMs } : row
    case "ClusterAdopted":
      return { ...row, name: event.name, offer: event.offer, numNodes: event.numNodes }
    case "ClusterImported":
      return { ...row, asked: [], unseen: row.meters.flatMap(({ rank, sinceMs }) => (sinceMs === null ? [rank] : [])) }
    case "ClusterGone":
      return { ...end(row, () => true, atMs, { isKept: false }), asked: [], goneAtMs: atMs }
    default:
      return row
  }
}

/** What never had a machine is in no answer. */
const isNothing = ({ lost, spans, usd }: CostRow) => spans.length === 0 && lost.length === 0 && usd === 0

/** Of one that was refused all that it asked for, a machine may run all the same. */
const forget = (state: Costs, row: CostRow): Costs => {
  const rows = HashMap.remove(state.rows, row.id)
  if (row.refused.length === 0) return { ...state, rows }
  const refused = HashMap.set(state.refused, row.id, row)
  if (HashMap.size(refused) <= goneMax) return { ...state, rows, refused }
  const oldest = [...HashMap.values(refused)].reduce((first, one) => (one.createdSeq < first.createdSeq ? one : first))
  return { ...state, rows, refused: HashMap.remove(refused, oldest.id) }
}

const leave = (state: Costs, row: CostRow): Costs => {
  if (isNothing(row)) return forget(state, row)
  const place = state.goings % goneMax
  const oldest = Option.flatMap(HashMap.get(state.gone, place), (id) => HashMap.get(state.rows, id))
  const rows = HashMap.set(state.rows, row.id, row)
  const left = { gone: HashMap.set(state.gone, place, row.id), goings: state.goings + 1 }
  if (Option.isNone(oldest)) return { ...state, ...left, rows }
  const older = { clusters: state.older.clusters + 1, usd: state.older.usd + oldest.value.usd }
  return { ...state, ...left, older, rows: HashMap.remove(rows, oldest.value.id) }
}

/** Of a cluster that is gone, what became of what was given up on. */
const answered = (state: Costs, row: CostRow, recorded: Recorded): Costs => {
  const { _tag } = recorded.event
  if (row.lost.length + row.refused.length === 0 || (_tag !== "NodeRefused" && _tag !== "NodeReleased" && _tag !== "LeakEnded"))
    return state
  const known = next(row, recorded)
  if (isNothing(known)) return forget(state, known)
  if (HashMap.has(state.rows, row.id)) return { ...state, rows: HashMap.set(state.rows, row.id, known) }
  return leave({ ...state, refused: HashMap.remove(state.refused, row.id) }, known)
}

const found = ({ refused, rows }: Costs, cluster: ClusterId) =>
  Option.orElse(HashMap.get(rows, cluster), () => HashMap.get(refused, cluster))

/** One that was gone goes on where it was. */
const adopt = (state: Costs, recorded: Recorded, fresh: CostRow): Costs => {
  const before = Option.getOrUndefined(found(state, fresh.id))
  const row = next(before === undefined ? fresh : { ...before, goneAtMs: null }, recorded)
  const [rows, refused] = [HashMap.set(state.rows, fresh.id, row), HashMap.remove(state.refused, fresh.id)]
  return { ...state, rows, refused, gone: HashMap.filter(state.gone, (id) => id !== fresh.id) }
}

export const costs: Projection<Costs> = {
  name: "costs",
  version: 11,
  empty: {
    rows: HashMap.empty(),
    gone: HashMap.empty(),
    goings: 0,
    older: { clusters: 0, usd: 0 },
    refused: HashMap.empty(),
    clock: noClock
  },
  apply: (known, recorded) => {
    const { atMs, event, seq } = recorded
    const [clock, step] = tick(known.clock, atMs)
    const moved = (rows: Costs["rows"]) => (step === undefined ? rows : HashMap.map(rows, (row) => shifted(row, step)))
    const state = { ...known, rows: moved(known.rows), refused: moved(known.refused), clock }
    if (!("cluster" in event)) return state
    const { cluster } = event
    if (event._tag === "ClusterCreated") return { ...state, rows: HashMap.set(state.rows, cluster, blank(cluster, event.name, seq, atMs)) }
    if (event._tag === "ClusterAdopted") return adopt(state, recorded, blank(cluster, event.name, seq, atMs))
    const before = Option.getOrUndefined(found(state, cluster))
    if (before === undefined) return state
    if (before.goneAtMs !== null) return answered(state, before, recorded)
    const row = next(before, recorded)
    if (row === before) return state
    return row.goneAtMs === null ? { ...state, rows: HashMap.set(state.rows, cluster, row) } : leave(state, row)
  }
}
