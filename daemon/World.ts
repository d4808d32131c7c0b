/** All state, folded once per event, right after its append. A value: whoever holds one sees one moment. */
import type { Recorded } from "../events/Recorded.ts"
import { type Clusters, clusters } from "../projections/clusters.ts"
import { type Costs, costs } from "../projections/costs.ts"
import { type Jobs, jobs } from "../projections/jobs.ts"
import { type LeakEnds, leakEnds } from "../projections/leaks.ts"
import { type Operations, operations } from "../projections/operations.ts"

export interface World {
  /** The last event that it contains. */
  readonly at: number
  readonly clusters: Clusters
  readonly jobs: Jobs
  readonly operations: Operations
  readonly costs: Costs
  readonly leakEnds: LeakEnds
}

export const empty: World = {
  at: 0,
  clusters: clusters.empty,
  jobs: jobs.empty,
  operations: operations.empty,
  costs: costs.empty,
  leakEnds: leakEnds.empty
}

export const apply = (world: World, recorded: Recorded): World => ({
  at: recorded.seq,
  clusters: clusters.apply(world.clusters, recorded),
  jobs: jobs.apply(world.jobs, recorded),
  operations: operations.apply(world.operations, recorded),
  costs: costs.apply(world.costs, recorded),
  leakEnds: leakEnds.apply(world.leakEnds, recorded)
})
