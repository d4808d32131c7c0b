/** Work under the same key is done one after the other, in no promised order; under different keys side by side. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

export const inTurn = <Key>() => {
  const busy = new Map<Key, Deferred.Deferred<void>>()
  const enter = <A, E>(key: Key, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const before = busy.get(key)
      if (before !== undefined) return Effect.andThen(Deferred.await(before), enter(key, work))
      const done = Deferred.makeUnsafe<void>()
      busy.set(key, done)
      const leave = Effect.sync(() => {
        busy.delete(key)
        Deferred.doneUnsafe(done, Effect.void)
      })
      return Effect.ensuring(work, leave)
    })
  return enter
}
