/**
 * Work that goes on to its end once it has begun, also when who asked for it has gone: what is on its way to a cloud cannot be called back,
 * and who undoes it has to come after it. Under the same key one after the other; what waits for its turn is dropped with who asked for it.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { inTurn } from "./in-turn.ts"

export const begunInTurn = <Key>() => {
  const turn = inTurn<Key>()
  return <A, E>(key: Key, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkDetach(Effect.interruptible(turn(key, Effect.uninterruptible(work))))
        // Nobody waits for the end of what has begun.
        return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.forkDetach(Fiber.interrupt(fiber)))
      })
    )
}
