/** Decides which jobs are to be cancelled. Those that are over stay as they are. */
import * as Result from "effect/Result"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { raisingOf } from "../../projections/cluster-status.ts"
import { isOver, type JobRow } from "../../projections/jobs.ts"
import type { Cancel } from "../../sdk/protocol/cancel.ts"
import { JobDoesNotExist, ValueError } from "../../sdk/protocol/errors.ts"
import { refuseUnlessUp } from "./checks.ts"
import { type Context, type Decided, noSuchCluster, nothingToDo, onCluster } from "./decision.ts"

/** What has begun is ended through it, whatever else there is or is not. */
const headAnswers = ({ nodes, wanted }: ClusterRow) =>
  wanted === "up" && nodes.some(({ rank, ready, state }) => rank === 0 && state === "running" && ready)

/** Work that waits there needs no node to be ended. */
const isAway = (row: ClusterRow) => row.wanted === "up" && row.everUp && raisingOf(row) === undefined

export const cancel = (row: ClusterRow | undefined, jobs: ReadonlyArray<JobRow>, params: Cancel, context: Context): Decided => {
  if (row === undefined) return noSuchCluster(params.clusterName)
  const ids = params.jobIds ?? null
  const all = params.all ?? false
  const open = jobs.filter((job) => !isOver(job))
  const latest = open.findLast(({ status }) => status !== "PENDING")
  const chosen = all ? open : ids !== null ? open.filter(({ id }) => ids.includes(id)) : latest === undefined ? [] : [latest]
  const notUp = refuseUnlessUp(row, context.nowMs)
  if (
    notUp !== undefined &&
    !headAnswers(row) &&
    !(isAway(row) && chosen.length > 0 && chosen.every(({ startedAtMs }) => startedAtMs === null))
  )
    return notUp
  if (all && ids !== null && ids.length > 0) {
    return Result.fail(new ValueError({ message: "Give job ids or ask for all of them, not both.", hint: null }))
  }
  const unknown = (ids ?? []).find((id) => !jobs.some((job) => job.id === id))
  if (unknown !== undefined) {
    return Result.fail(
      new JobDoesNotExist({ message: `${row.name} has no job ${unknown}.`, hint: `sky queue ${row.name} lists its jobs.` })
    )
  }
  if (chosen.length === 0) return nothingToDo({ cancelled: [] })
  return onCluster(row, context, [{ _tag: "JobCancelRequested", cluster: row.id, jobs: chosen.map(({ id }) => id) }])
}
