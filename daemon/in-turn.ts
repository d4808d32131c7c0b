/** Work under the same key is done one after the other, in no promised order; under different keys side by side. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

export const inTurn = <Key>() => {
  const busy = new Map<Key, Deferred.Deferred<void>>()
  type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  const enter = <A, E>(restore: Restore, key: Key, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const before = busy.get(key)
      if (before !== undefined) return Effect.andThen(restore(Deferred.await(before)), enter(restore, key, work))
      const done = Deferred.makeUnsafe<void>()
      busy.set(key, done)
      const leave = Effect.sync(() => {
        busy.delete(key)
        Deferred.doneUnsafe(done, Effect.void)
      })
      return Effect.ensuring(restore(work), leave)
    })
  // Who has taken the key gives it back, also where it is interrupted between the two.
  return <A, E>(key: Key, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptibleMask((restore) => enter(restore, key, work))
}

/**
 * Work that goes on to its end once it has begun, also when who asked for it has gone: what is on its way to a cloud cannot be called back,
 * and who undoes it has to come after it. What waits for its turn is dropped with who asked for it.
 */
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
