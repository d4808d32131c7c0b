/** What a cluster's head has been told (`jobKey`, `setupKey`, `cancelKey`), and who waits until it has. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

export class Told extends Set<string> {
  private readonly waiting = new Map<Deferred.Deferred<void>, string>()

  override add(key: string): this {
    for (const [done, awaited] of this.waiting) if (awaited === key) Deferred.doneUnsafe(done, Effect.void)
    return super.add(key)
  }

  until(key: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.has(key)) return Effect.void
      const done = Deferred.makeUnsafe<void>()
      this.waiting.set(done, key)
      return Effect.ensuring(
        Deferred.await(done),
        Effect.sync(() => this.waiting.delete(done))
      )
    })
  }
}
