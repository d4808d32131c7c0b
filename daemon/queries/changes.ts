/** What a fact changed in the state, in the words of `status`, `queue` and `ops`. Pure. */
import type { Recorded } from "../../events/Recorded.ts"
import { autostopShown } from "../../projections/autostop-in-force.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { clusterOf, rowOf } from "../../projections/clusters.ts"
import { type JobRow, jobOf } from "../../projections/jobs.ts"
import { type OperationRow, operationOf } from "../../projections/operations.ts"
import type { Change } from "../../sdk/protocol/replay.ts"
import type { World } from "../World.ts"

type Fields = Readonly<Record<string, Change["before"]>>

const fieldsOf = {
  cluster: (row: ClusterRow): Fields => {
    const { phase, reason, status } = conditionOf(row)
    const setting = autostopShown(row)
    return { status, phase, reason, autostop: setting?.idleMinutes ?? null, toDown: setting?.down ?? null }
  },
  job: ({ reason, status }: JobRow): Fields => ({ status, reason }),
  operation: ({ outcome }: OperationRow): Fields => ({ status: outcome._tag })
}

/** Field by field; a row that is not there has none. */
const differences = <Row>(
  what: Change["what"],
  id: string,
  name: string,
  fields: (row: Row) => Fields,
  [was, is]: readonly [Row | undefined, Row | undefined]
): ReadonlyArray<Change> => {
  // Most facts leave most rows as they are.
  if (was === is) return []
  const before = was === undefined ? {} : fields(was)
  const after = is === undefined ? {} : fields(is)
  return Object.keys({ ...before, ...after })
    .map((field) => ({ what, id, name, field, before: before[field] ?? null, after: after[field] ?? null }))
    .filter((change) => change.before !== change.after)
}

const jobsIn = ({ event }: Recorded): ReadonlyArray<number> => ("job" in event ? [event.job] : "jobs" in event ? event.jobs : [])

export const changesOf = (before: World, recorded: Recorded, after: World): ReadonlyArray<Change> => {
  const cluster = clusterOf(recorded)
  const both = <A>(pick: (world: World) => A) => [pick(before), pick(after)] as const
  const operations = new Set([recorded.operation, "requestId" in recorded.event ? recorded.event.requestId : null])
  const changes: Array<Change> = []
  if (cluster !== undefined) {
    const rows = both(({ clusters }) => rowOf(clusters, cluster))
    const name = (rows[1] ?? rows[0])?.name ?? cluster
    changes.push(...differences("cluster", cluster, name, fieldsOf.cluster, rows))
    // The jobs of a cluster that goes, go with it.
    for (const job of jobsIn(recorded)) {
      const jobs = both(({ jobs: all }) => jobOf(all, cluster, job))
      changes.push(...differences("job", String(job), `${name}/${job}`, fieldsOf.job, jobs))
    }
  }
  for (const id of operations) {
    const rows = both(({ operations: all }) => (id === null ? undefined : operationOf(all, id)))
    changes.push(...differences("operation", id ?? "", (rows[1] ?? rows[0])?.method ?? "", fieldsOf.operation, rows))
  }
  return changes
}
