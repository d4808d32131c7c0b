/** A call of a cloud's client that is given up before it was sent. */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"

/** `ask`: makes a call, whose client sends `late` once it is let. What it throws where nobody can catch it would end a daemon. */
export const givenUpUnsent = Effect.fnUntraced(function* <C>(
  ask: (call: (client: C) => Promise<unknown>) => Effect.Effect<unknown, unknown>,
  late: (client: C) => Promise<unknown>
) {
  const begun = yield* Deferred.make<void>()
  const gate = Promise.withResolvers<void>()
  let sent: Promise<unknown> = Promise.resolve()
  const uncaught: Array<unknown> = []
  const onUncaught = (error: unknown) => void uncaught.push(error)
  process.prependListener("uncaughtExceptionMonitor", onUncaught)
  const asking = yield* Effect.forkChild(
    ask((client) => {
      sent = gate.promise.then(() => late(client))
      Deferred.doneUnsafe(begun, Effect.void)
      return sent
    })
  )
  yield* Deferred.await(begun)
  yield* Fiber.interrupt(asking)
  gate.resolve()
  yield* Effect.flip(Effect.tryPromise(() => sent))
  yield* Effect.promise(() => new Promise(setImmediate))
  process.removeListener("uncaughtExceptionMonitor", onUncaught)
  assert.deepStrictEqual(uncaught, [])
})
