/** Why jobs of several nodes do not begin though no other is ahead of them: their head says which nodes it does not reach. */
import * as Effect from "effect/Effect"
import type { JobQueue } from "../../sdk/protocol/queries.ts"
import type { JobView } from "../../sdk/protocol/rows.ts"
import type { Couriers } from "../reactors/couriers/Couriers.ts"
import type { World } from "../World.ts"
import { select } from "./select.ts"

const isStuck = ({ numNodes, reason, status }: JobView) =>
  numNodes > 1 && reason === null && (status === "PENDING" || status === "SETTING_UP")

/** Heads are asked for clusters that have such jobs, and for no others; none knows what was. */
export const explained = Effect.fnUntraced(function* (
  jobs: ReadonlyArray<JobView>,
  { at }: JobQueue,
  { clusters }: World,
  { unreached }: Couriers["Service"]
) {
  if (at !== null && at !== undefined) return jobs
  const rows = select(clusters, [...new Set(jobs.filter(isStuck).map(({ cluster }) => cluster))]).rows
  const reasons = yield* Effect.forEach(
    rows,
    (row) =>
      Effect.map(unreached(row), (nodes) => {
        const said = nodes.map(({ rank, why }) => `node ${rank}${why === null ? "" : ` (${why})`}`)
        return [row.name as string, said.length === 0 ? null : `the head does not reach ${said.join(", ")}`] as const
      }),
    { concurrency: 16 }
  )
  const reasonOf = new Map(reasons)
  return jobs.map((job) => (isStuck(job) ? { ...job, reason: reasonOf.get(job.cluster) ?? null } : job))
})
