/** The way out: whoever asks for the end of the daemon asks here, and `main` waits here. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export class Lifecycle extends Context.Service<
  Lifecycle,
  { readonly end: (reason: string) => void; readonly ended: Effect.Effect<string> }
>()("skyd/daemon/life/Lifecycle") {
  static readonly layer = Layer.sync(Lifecycle, () => {
    const ended = Deferred.makeUnsafe<string>()
    return Lifecycle.of({
      end: (reason) => void Deferred.doneUnsafe(ended, Effect.succeed(reason)),
      ended: Deferred.await(ended)
    })
  })
}
