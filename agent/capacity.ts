/** What a node has, as its head knows it; undefined for a worker that has not said so yet. */
import type { Head } from "./Head.ts"
import type { Capacity } from "./scheduler.ts"

export const capacityOf = ({ folder: { identity }, store }: Head, rank: number): Capacity | undefined =>
  rank === identity.rank ? { cpus: identity.cpus, accelerators: identity.accelerators } : store.state.capacities[rank]
