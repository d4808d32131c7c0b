/**
 * Ports on their way to being open. Once begun that goes on beside whatever follows, for as long as its limit and this daemon last: what is
 * on its way to a cloud cannot be called back, and a port that is open has to be known. Who looks whether they are comes after it.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as Option from "effect/Option"
import type { ClusterId, OperationId } from "../../events/ids.ts"
import { type Operations, runningIds } from "../../projections/operations.ts"
import { CloudError } from "../clouds/Cloud.ts"
import type { Action } from "./plan.ts"

/** `inherited`: an earlier daemon may have asked for ports for these. */
export const makeOpenings = Effect.fnUntraced(function* (inherited: Operations) {
  const openings = yield* FiberMap.make<ClusterId, void, unknown>()
  /** Launches of which the cloud was asked. */
  const asked = new Set(runningIds(inherited))
  const refused = new Set<OperationId>()
  const over = Effect.fnUntraced(function* (cluster: ClusterId) {
    const before = () => Option.getOrUndefined(FiberMap.getUnsafe(openings, cluster))
    for (let fiber = before(); fiber !== undefined; fiber = before()) yield* Fiber.await(fiber)
  })
  /** One after another of a cluster; what waits for that is dropped with who asked for it. */
  const open = Effect.fn("openings")(function* <E, R>(cluster: ClusterId, operation: OperationId, work: Effect.Effect<void, E, R>) {
    yield* over(cluster)
    const isFirst = !asked.has(operation)
    asked.add(operation)
    const known = Effect.tapError(work, (error) =>
      Effect.sync(() => isFirst && error instanceof CloudError && error.kind === "Refused" && refused.add(operation))
    )
    yield* Fiber.join(yield* FiberMap.run(openings, cluster, known))
  })
  return {
    inTurn: <E, R>(cluster: ClusterId, action: Action, work: Effect.Effect<void, E, R>) => {
      if (action._tag === "OpenPorts") return open(cluster, action.operation, work)
      return action._tag === "LookForPorts" ? Effect.andThen(over(cluster), work) : work
    },
    /** By its cloud, at the first time that it was asked: nothing of it is open. */
    isRefused: (action: Action) => action._tag === "OpenPorts" && refused.has(action.operation)
  }
})
