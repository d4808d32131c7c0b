/**
 * What a head takes with it when it is lost, or when its agent has lost its records: another journal answers in its place. Of what it had
 * begun nobody will ever say how it ended, and begun again it would run twice. What it had not begun is told to the new one. Pure.
 */
import type { Event } from "../../events/Event.ts"
import type { ActiveOperation, ClusterRow } from "../../projections/ClusterRow.ts"
import type { JobRow } from "../../projections/jobs.ts"
import { RuntimeError, recordError } from "../../sdk/protocol/errors.ts"
import { closing, type Facts } from "./facts.ts"

/** Its workdir, its mounts or its setup went with the machine: the new head has neither, and the other nodes may have half of it. */
const hasBegun = ({ mounted, setup, synced }: ActiveOperation) => synced || mounted || setup !== "none"

const failed = (row: ClusterRow, method: string): Event => ({
  _tag: "OperationFailed",
  error: recordError(
    new RuntimeError({
      message: `${row.name}: its head node was lost during ${method}`,
      hint: `It has a new one now, without workdir and setup. Try again: sky ${method}`
    })
  )
})

/** `news`: facts that are about to be recorded of this row. */
export const lostWithHead = (row: ClusterRow, unfinished: ReadonlyArray<JobRow>, news: Facts["events"]): Facts["events"] => {
  const events = news.map((each) => ("_tag" in each ? each : each[0]))
  const head = events.find((event) => event._tag === "RuntimeReady" && event.rank === 0)
  if (head?._tag !== "RuntimeReady" || row.journal === null || head.journal === row.journal.id) return []
  return [
    ...closing(
      row.id,
      unfinished.filter(({ startedAtMs }) => startedAtMs !== null),
      "its head node was lost"
    ),
    ...row.operations.filter(hasBegun).map(({ id, method }) => [failed(row, method), id] as const)
  ]
}
