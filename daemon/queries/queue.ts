/** The jobs of clusters, newest first, from a world of any moment. Pure. */
import * as Result from "effect/Result"
import { isOver, jobOf, jobsOf, unfinishedOf } from "../../projections/jobs.ts"
import { JobDoesNotExist } from "../../sdk/protocol/errors.ts"
import type { JobQueue } from "../../sdk/protocol/queries.ts"
import type { World } from "../World.ts"
import { jobView } from "./job-view.ts"
import { select } from "./select.ts"

export const queueOf = ({ clusters, jobs }: World, { clusterNames, jobIds, skipFinished }: JobQueue) => {
  const { notFound, rows } = select(clusters, clusterNames)
  const unknown = rows.length === 1 ? jobIds?.find((id) => jobOf(jobs, rows[0]!.id, id) === undefined) : undefined
  if (unknown !== undefined) {
    const { name } = rows[0]!
    return Result.fail(new JobDoesNotExist({ message: `${name} has no job ${unknown}.`, hint: `sky queue ${name} lists its jobs.` }))
  }
  const views = rows.flatMap((row) => {
    const unfinished = unfinishedOf(jobs, row.id)
    const chosen = skipFinished ? unfinished : jobsOf(jobs, row.id)
    return chosen
      .filter(({ id }) => jobIds === null || jobIds === undefined || jobIds.includes(id))
      .map((job) => jobView(job, row, isOver(job) ? [] : unfinished))
      .reverse()
  })
  return Result.succeed({ jobs: views, clusters: rows.map(({ name }) => name), notFound })
}
