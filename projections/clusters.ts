/** The live clusters: what `status` prints, what commands are decided on, and what reactors plan from. */
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { Event } from "../events/Event.ts"
import { type ClusterId, type ClusterName, type NodeId, type NodeToken, tokenOf } from "../events/ids.ts"
import type { Recorded } from "../events/Recorded.ts"
import { blank } from "./blank-cluster.ts"
import type { ClusterRow, NodeRow } from "./ClusterRow.ts"
import { next } from "./cluster-facts.ts"
import type { Projection } from "./Projection.ts"

/** Persistent maps: copying a `Map` on every event costs seven times as much at 5,000 rows. */
export interface Clusters {
  readonly rows: HashMap.HashMap<ClusterId, ClusterRow>
  /** Names of clusters that are not gone. */
  readonly names: HashMap.HashMap<ClusterName, ClusterId>
  /** Nodes on machines of their own that were dropped without the machine's word: one that is reached again is ended then. */
  readonly abandoned: HashMap.HashMap<NodeId, Abandoned>
  /** What was asked for and dropped without an answer: what is found of it is ended. */
  readonly unanswered: HashMap.HashMap<NodeToken, Unanswered>
  /** The log's id, in its first event. */
  readonly log: string
}

/** What its machine is found by. */
export interface Abandoned extends Pick<NodeRow, "rank" | "node" | "address" | "host" | "hostKey">, Pick<ClusterRow, "owner"> {
  readonly cluster: ClusterId
  readonly clusterName: ClusterName
  readonly log: string | null
  readonly cloud: string
  readonly region: string | null
  readonly zone: string | null
}

/** `offer`: where it was asked for. */
export interface Unanswered extends Pick<ClusterRow, "id" | "name" | "log" | "offer" | "owner"> {
  readonly token: NodeToken
  /** How many, without those that were found and have ended. */
  readonly nodes: number
  readonly ended: ReadonlyArray<NodeId>
}

export const rowOf = (clusters: Clusters, id: ClusterId): ClusterRow | undefined => Option.getOrUndefined(HashMap.get(clusters.rows, id))

export const rowNamed = (clusters: Clusters, name: string): ClusterRow | undefined => {
  const id = HashMap.get(clusters.names, name as ClusterName)
  return Option.isSome(id) ? rowOf(clusters, id.value) : undefined
}

/** Tokens of what is asked for and not answered yet, and nodes whose machines are told to start. */
export const underWay = ({ rows }: Clusters): { readonly tokens: ReadonlySet<NodeToken>; readonly nodes: Set<NodeId> } => {
  const all = [...HashMap.values(rows)]
  return {
    tokens: new Set(all.flatMap(({ pending }) => pending.map(({ token }) => token))),
    nodes: new Set(all.flatMap(({ nodes }) => nodes.flatMap(({ node, state }) => (state === "starting" ? [node] : []))))
  }
}

/** Whose tags the machines of a cluster carry. */
export const logOf = (clusters: Clusters, { log }: Pick<ClusterRow, "log">): string => log ?? clusters.log

/** The cluster whose stream this is. */
export const clusterOfStream = (stream: string): ClusterId | undefined =>
  stream.startsWith("cluster/") ? (stream.slice("cluster/".length) as ClusterId) : undefined

/** Which cluster a fact is about: its stream says, or the fact itself when it was copied from a journal. */
export const clusterOf = ({ event, stream }: Recorded): ClusterId | undefined =>
  "cluster" in event ? event.cluster : clusterOfStream(stream)

const abandon = (abandoned: Clusters["abandoned"], row: ClusterRow | undefined, event: Event): Clusters["abandoned"] => {
  // It has ended, or is of a cluster again: it is not to be ended.
  const isOver = event._tag === "NodeReleased" || event._tag === "LeakEnded" || event._tag === "NodeProvisioned"
  if (isOver && event.node !== undefined && HashMap.has(abandoned, event.node)) return HashMap.remove(abandoned, event.node)
  const found = event._tag === "NodeAbandoned" ? row?.nodes.find(({ host, node }) => node === event.node && host !== null) : undefined
  if (row?.offer == null || found === undefined) return abandoned
  const { address, host, hostKey, node, rank } = found
  const { cloud, region, zone } = row.offer
  return HashMap.set(abandoned, node, {
    cluster: row.id,
    clusterName: row.name,
    log: row.log,
    owner: row.owner,
    cloud,
    region,
    zone,
    address,
    host,
    hostKey,
    node,
    rank
  })
}

/** One of those that were asked for was there, and is not any more. */
const foundAndEnded = (unanswered: Clusters["unanswered"], node: NodeId): Clusters["unanswered"] => {
  const token = tokenOf(node)
  const one = Option.getOrUndefined(HashMap.get(unanswered, token))
  if (one === undefined || one.ended.includes(node)) return unanswered
  if (one.nodes <= 1) return HashMap.remove(unanswered, token)
  return HashMap.set(unanswered, token, { ...one, nodes: one.nodes - 1, ended: [...one.ended, node] })
}

const leaveUnanswered = (unanswered: Clusters["unanswered"], row: ClusterRow | undefined, event: Event): Clusters["unanswered"] => {
  if (event._tag === "NodeRefused" && HashMap.has(unanswered, event.token)) return HashMap.remove(unanswered, event.token)
  if (event._tag === "LeakEnded" && event.node !== undefined) return foundAndEnded(unanswered, event.node)
  const asked = event._tag === "RequestAbandoned" ? row?.pending.find(({ token }) => token === event.token) : undefined
  if (row === undefined || asked === undefined) return unanswered
  const { id, log, name, owner } = row
  const { offer, ranks, token } = asked
  return HashMap.set(unanswered, token, { id, log, name, offer, owner, token, nodes: ranks.length, ended: [] })
}

export const clusters: Projection<Clusters> = {
  name: "clusters",
  version: 20,
  empty: { rows: HashMap.empty(), names: HashMap.empty(), abandoned: HashMap.empty(), unanswered: HashMap.empty(), log: "" },
  apply: (known, recorded) => {
    const { event } = recorded
    if (event._tag === "LogCreated") return { ...known, log: event.log }
    const id = clusterOf(recorded)
    if (id === undefined) return known
    const row = rowOf(known, id)
    const abandoned = abandon(known.abandoned, row, event)
    const unanswered = leaveUnanswered(known.unanswered, row, event)
    const isSame = abandoned === known.abandoned && unanswered === known.unanswered
    const state = isSame ? known : { ...known, abandoned, unanswered }
    const isBirth = event._tag === "ClusterCreated" || event._tag === "ClusterAdopted"
    const before = isBirth ? blank(id, event.name, recorded.atMs, recorded.seq) : Option.getOrUndefined(HashMap.get(state.rows, id))
    if (before === undefined) return state
    const after = next(before, recorded)
    if (after === undefined) return { ...state, rows: HashMap.remove(state.rows, id), names: HashMap.remove(state.names, before.name) }
    const lastSeq = recorded.stream.startsWith("cluster/") ? recorded.seq : after.lastSeq
    const rows = HashMap.set(state.rows, id, { ...after, lastSeq })
    return isBirth ? { ...state, rows, names: HashMap.set(state.names, event.name, id) } : { ...state, rows }
  }
}
