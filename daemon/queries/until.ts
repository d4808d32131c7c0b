/** Waits until the world is so, or gives up. */
import * as Effect from "effect/Effect"
import type { EventLog } from "../log/EventLog.ts"
import type { World } from "../World.ts"

export const until = <A>(log: EventLog["Service"], pick: (world: World) => A | undefined, maxMs: number): Effect.Effect<A | undefined> =>
  Effect.callback<A | undefined>((resume) => {
    const look = () => {
      const found = pick(log.world())
      if (found === undefined) return
      stop()
      resume(Effect.succeed(found))
    }
    const stop = log.follow(look)
    look()
    return Effect.sync(stop)
  }).pipe(Effect.timeoutOrElse({ duration: maxMs, orElse: () => Effect.succeed(undefined) }))
