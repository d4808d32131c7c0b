/**
 * One list for everybody who asks for the same at a time. Who asks while one is on its way waits for the next: that may be older than what
 * he has just done.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Between the lists that everybody waits for who waits for a machine. */
export const listsEveryMs = 1_000

export const sharedLists = <A, E>(list: (key: string) => Effect.Effect<A, E>) => {
  const waiting = new Map<string, Deferred.Deferred<A, E>>()
  const busy = new Set<string>()
  const serve = (key: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const next = waiting.get(key)
      if (next === undefined) {
        busy.delete(key)
        return Effect.void
      }
      waiting.delete(key)
      return Effect.andThen(Deferred.complete(next, list(key)), serve(key))
    })
  return (key: string): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const next = waiting.get(key) ?? Deferred.makeUnsafe<A, E>()
      waiting.set(key, next)
      if (busy.has(key)) return Deferred.await(next)
      busy.add(key)
      // Whoever began it may go away; the others wait on.
      return Effect.andThen(Effect.forkDetach(serve(key)), Deferred.await(next))
    })
}
