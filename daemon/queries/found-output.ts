/** Whose output is meant: a job's, or while a launch sets up that of its setup. */
import type { OperationId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { raisingOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { type JobRow, jobOf } from "../../projections/jobs.ts"
import { ClusterDoesNotExist, JobDoesNotExist, type SkydError } from "../../sdk/protocol/errors.ts"
import type { Logs } from "../../sdk/protocol/queries.ts"
import type { World } from "../World.ts"

/** A job, or the setup of an operation. */
export interface FoundOutput {
  readonly row: ClusterRow
  readonly job: JobRow | undefined
  readonly setup: OperationId | undefined
}

/** While a launch sets up, the latest output is that, and then the job that comes of it. */
export const findOutput = (world: World, { clusterName, jobId, setup }: Logs): FoundOutput | SkydError => {
  const row = rowNamed(world.clusters, clusterName)
  if (row === undefined)
    return new ClusterDoesNotExist({ cluster: clusterName, message: `There is no cluster '${clusterName}'.`, hint: null })
  if (typeof setup === "string") return { row, job: undefined, setup: setup as OperationId }
  const raising = raisingOf(row)
  if (typeof jobId !== "number" && raising?.setup === "running") return { row, job: undefined, setup: raising.id }
  const job = jobOf(world.jobs, row.id, jobId ?? row.lastJob)
  if (job !== undefined) return { row, job, setup: undefined }
  if (typeof jobId === "number")
    return new JobDoesNotExist({ message: `${row.name} has no job ${jobId}.`, hint: `sky queue ${row.name} lists its jobs.` })
  const yet = `No job was submitted to ${row.name} yet`
  return raising === undefined
    ? new JobDoesNotExist({ message: `${yet}.`, hint: `sky exec ${row.name} 'echo hi'` })
    : new JobDoesNotExist({ message: `${yet}: a ${raising.method} is in progress.`, hint: `Watch it: sky status ${row.name}` })
}
