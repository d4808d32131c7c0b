/**
 * Forgets the secrets of operations that no longer need them: ended without a job, or whose job is over. The courier forgets those that the
 * agent took.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import type { OperationId } from "../../events/ids.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { unfinishedOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import { Secrets } from "../home/Secrets.ts"
import { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"

/** The operation that a fact may have ended the need of. */
const touched = ({ event, operation }: Recorded): OperationId | null =>
  event._tag.startsWith("Operation") || event._tag === "JobEnded" || event._tag === "JobClosed" ? operation : null

/** A job outlives its operation, and may wait for its node until that one is long forgotten. */
const isNeeded = ({ jobs, operations }: World, id: string): boolean =>
  [...HashMap.keys(jobs)].some((cluster) => unfinishedOf(jobs, cluster).some(({ operation }) => operation === id)) ||
  operationOf(operations, id)?.outcome._tag === "running"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const log = yield* EventLog
    const secrets = yield* Secrets
    const fork = yield* FiberSet.makeRuntime<never>()
    /** Of these, or of all. Most operations keep none, and cost no look at the jobs. */
    const sweep = (world: World, among?: ReadonlySet<string | null>) =>
      Effect.flatMap(secrets.waiting, (waiting) => {
        const needless = waiting.filter((operation) => (among?.has(operation) ?? true) && !isNeeded(world, operation))
        return Effect.forEach(needless, (operation) => secrets.forget(operation as OperationId), { discard: true })
      })
    const stop = log.follow((group, world) => void fork(sweep(world, new Set(group.map(touched)))))
    yield* Effect.addFinalizer(() => Effect.sync(stop))
    yield* sweep(log.world())
  })
)
