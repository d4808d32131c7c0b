/** Forgets the secrets of operations that no longer need them: ended without a job, or whose job is over. The courier forgets those that the agent took. */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import type { OperationId } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { type JobRow, unfinishedOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import { EventLog } from "../log/EventLog.ts"
import { Secrets } from "../Secrets.ts"
import type { World } from "../World.ts"

/** The operation that a fact may have ended the need of. */
const touched = ({ event, operation }: Recorded): OperationId | null =>
  event._tag.startsWith("Operation") || event._tag === "JobEnded" || event._tag === "JobClosed" ? operation : null

const isNeeded = ({ jobs, operations }: World, id: string): boolean => {
  const row = operationOf(operations, id)
  if (row === undefined) return false
  const isOwn = (job: JobRow) => job.operation === id
  return row.outcome._tag === "running" || (row.cluster !== undefined && unfinishedOf(jobs, row.cluster).some(isOwn))
}

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const log = yield* EventLog
    const secrets = yield* Secrets
    const fork = yield* FiberSet.makeRuntime<never>()
    const sweep = (operations: Iterable<string>, world: World) => {
      for (const operation of operations) if (!isNeeded(world, operation)) fork(secrets.forget(operation as OperationId))
    }
    const stop = log.follow((group, world) => {
      const ended = group.map(touched).filter((operation) => operation !== null)
      if (ended.length > 0) sweep(new Set(ended), world)
    })
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    sweep(yield* secrets.waiting, log.world())
  })
)
