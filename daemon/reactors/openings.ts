/**
 * Ports on their way to being open. Once begun that goes on beside whatever follows, for as long as its limit and this daemon last: what is
 * on its way to a cloud cannot be called back, and a port that is open has to be known.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as Option from "effect/Option"
import type { ClusterId } from "../../events/ids.ts"

/** One after another of a cluster; what waits for that is dropped with who asked for it. */
export const makeOpenings = Effect.map(FiberMap.make<ClusterId, void, unknown>(), (openings) =>
  Effect.fn("openings")(function* <E, R>(cluster: ClusterId, work: Effect.Effect<void, E, R>) {
    const before = () => Option.getOrUndefined(FiberMap.getUnsafe(openings, cluster))
    for (let fiber = before(); fiber !== undefined; fiber = before()) yield* Fiber.await(fiber)
    yield* Fiber.join(yield* FiberMap.run(openings, cluster, work))
  })
)
