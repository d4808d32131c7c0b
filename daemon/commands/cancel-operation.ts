/** Decides whether an operation that runs is to be ended. What it has done stays done; machines that it got are kept. */
import * as Result from "effect/Result"
import type { RecordedCaller } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { mayBeOpen } from "../../projections/open-ports.ts"
import type { OperationRow } from "../../projections/operations.ts"
import { NotSupportedError, OperationDoesNotExist, type SkydError } from "../../sdk/protocol/errors.ts"
import { type Decision, streamOf } from "./decision.ts"

const endable = new Set(["launch", "exec", "start", "autostop"])

export const cancelOperation = (
  operation: OperationRow | undefined,
  row: ClusterRow | undefined,
  asked: string,
  by: typeof RecordedCaller.Type
): Result.Result<Decision, SkydError> => {
  if (operation === undefined) {
    return Result.fail(new OperationDoesNotExist({ message: `There is no operation '${asked}'.`, hint: "sky ops -a lists them." }))
  }
  if (operation.outcome._tag !== "running" || row === undefined)
    return Result.succeed({ events: [], expect: [], result: { cancelled: false } })
  if (!endable.has(operation.method)) {
    return Result.fail(
      new NotSupportedError({ message: `A ${operation.method} that has begun is not cancelled.`, hint: `Watch it: sky status ${row.name}` })
    )
  }
  const stream = streamOf(row.id)
  const active = row.operations.find(({ id }) => id === operation.id)
  const reason = `cancelled on request${active === undefined ? "" : mayBeOpen(row, active)}`
  return Result.succeed({
    events: [[stream, { _tag: "OperationCancelled", reason, by }, operation.id]],
    expect: [[stream, row.lastSeq]],
    result: { cancelled: true }
  })
}
