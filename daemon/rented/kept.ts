/**
 * An answer of a cloud's that holds for a while; who asks for it meanwhile waits for the same one. A failure holds for nobody after that.
 */
import * as Cache from "effect/Cache"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const keptMax = 1000

export const kept = <A, E>(lookup: (key: string) => Effect.Effect<A, E>, time: Duration.Input | ((answer: A) => Duration.Input)) =>
  Cache.makeWith<string, A, E>(lookup, {
    capacity: keptMax,
    timeToLive: (exit) => (Exit.isFailure(exit) ? 0 : typeof time === "function" ? time(exit.value) : time)
  })

/** A fingerprint that is another once what is kept is doubted. */
export const doubtful = (fingerprint: Effect.Effect<string>) => {
  let doubts = 0
  return { fingerprint: Effect.map(fingerprint, (seen) => `${seen} ${doubts}`), doubt: () => void doubts++ }
}

/** Of what is an account's own: who comes with other credentials asks anew. A fingerprint is one line. */
export const keptOf = <A, E>(fingerprint: Effect.Effect<string>, ...[lookup, time]: Parameters<typeof kept<A, E>>) =>
  Effect.map(
    kept((key) => lookup(key.slice(key.indexOf("\n") + 1)), time),
    (cache) => ({
      of: (key: string) => Effect.flatMap(fingerprint, (seen) => Cache.get(cache, `${seen}\n${key}`))
    })
  )
