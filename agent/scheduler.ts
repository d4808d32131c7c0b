/**
 * Which queued job starts where. Strict FIFO: the first job that does not fit blocks all later ones. A job takes 0.5 CPU and
 * its accelerators on each of its nodes, all or nothing. Pure. Shares are whole ten-thousandths: 0.1 + 0.2 must free to 0.3.
 */
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"

const cpuPerJob = 0.5
const whole = 10_000

export interface Capacity {
  readonly cpus: number
  readonly accelerators: NodeIdentity["accelerators"]
}

interface Demand {
  readonly numNodes: number
  readonly accelerators: { readonly name: string; readonly count: number } | null
}

/** One rank's place: `share` of each of `devices`, in ten-thousandths. */
export interface Placed {
  readonly nodeRank: number
  readonly devices: ReadonlyArray<number>
  readonly share: number
}

interface NodeRoom {
  readonly nodeRank: number
  slots: number
  /** Free share of each device. */
  readonly free: Array<number>
}

const roomOf = (nodeRank: number, capacity: Capacity): NodeRoom => ({
  nodeRank,
  slots: Math.max(1, Math.floor(capacity.cpus / cpuPerJob)),
  free: Array.from({ length: Math.floor(capacity.accelerators?.count ?? 0) }, () => whole)
})

const occupy = (room: NodeRoom, placed: Placed) => {
  room.slots -= 1
  for (const device of placed.devices) room.free[device]! -= placed.share
}

/** Devices of this room, or null. A fraction goes where the least is left, so that whole ones stay whole. */
const devicesFor = (room: NodeRoom, count: number): Omit<Placed, "nodeRank"> | null => {
  if (count <= 0) return { devices: [], share: 0 }
  const share = count < 1 ? Math.max(1, Math.round(count * whole)) : whole
  const fitting = room.free.flatMap((free, device) => (free >= share ? [{ device, free }] : []))
  if (count < 1) fitting.sort((a, b) => a.free - b.free || a.device - b.device)
  const wanted = Math.ceil(count)
  return fitting.length < wanted ? null : { devices: fitting.slice(0, wanted).map(({ device }) => device), share }
}

/** Places on distinct nodes in node order, or null. */
const place = (demand: Demand, rooms: ReadonlyArray<NodeRoom>): ReadonlyArray<Placed> | null => {
  const placement: Array<Placed> = []
  for (const room of rooms) {
    if (placement.length === demand.numNodes) break
    const devices = room.slots > 0 ? devicesFor(room, demand.accelerators?.count ?? 0) : null
    if (devices !== null) placement.push({ nodeRank: room.nodeRank, ...devices })
  }
  return placement.length === demand.numNodes ? placement : null
}

const hasKind = (capacity: Capacity, demand: Demand) =>
  demand.accelerators === null || capacity.accelerators?.name.toLowerCase() === demand.accelerators.name.toLowerCase()

/** A demand that an empty cluster cannot meet would block the queue for ever. */
export const canEverFit = (demand: Demand, nodes: ReadonlyArray<Capacity>) =>
  place(
    demand,
    nodes.filter((node) => hasKind(node, demand)).map((node, index) => roomOf(index, node))
  ) !== null

export interface Queued extends Demand {
  readonly id: number
}

interface Start {
  readonly id: number
  readonly placement: ReadonlyArray<Placed>
}

/** `queue` in order of submission; `busy` the places taken. */
export const schedule = (
  queue: ReadonlyArray<Queued>,
  nodes: ReadonlyArray<{ readonly nodeRank: number; readonly capacity: Capacity }>,
  busy: ReadonlyArray<Placed>
): ReadonlyArray<Start> => {
  const rooms = nodes.map(({ nodeRank, capacity }) => ({ capacity, room: roomOf(nodeRank, capacity) }))
  for (const placed of busy) {
    const node = rooms.find(({ room }) => room.nodeRank === placed.nodeRank)
    if (node !== undefined) occupy(node.room, placed)
  }
  const starts: Array<Start> = []
  for (const job of queue) {
    const fitting = rooms.filter(({ capacity }) => hasKind(capacity, job)).map(({ room }) => room)
    const placement = place(job, fitting)
    if (placement === null) break
    for (const placed of placement) occupy(rooms.find(({ room }) => room.nodeRank === placed.nodeRank)!.room, placed)
    starts.push({ id: job.id, placement })
  }
  return starts
}
