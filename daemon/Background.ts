/**
 * Fibers that must outlive every request. `forkScoped` alone would let one of them die without a word and leave a daemon
 * that answers but does nothing; here the first to fail ends the daemon.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"

export class Background extends Context.Service<
  Background,
  {
    readonly start: <E, R>(name: string, work: Effect.Effect<unknown, E, R>) => Effect.Effect<void, never, R>
    /** Never succeeds. Dies when any background work has failed. */
    readonly failure: Effect.Effect<never>
  }
>()("skyd/daemon/Background") {
  static readonly layer = Layer.effect(
    Background,
    Effect.gen(function* () {
      const fibers = yield* FiberSet.make()
      return Background.of({
        start: (name, work) => Effect.asVoid(FiberSet.run(fibers, Effect.annotateLogs(work, { background: name }))),
        failure: FiberSet.join(fibers).pipe(Effect.orDie, Effect.andThen(Effect.never))
      })
    })
  )
}
