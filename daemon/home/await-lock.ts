/** LevelDB's lock is the guard of the single daemon. Who finds it taken waits for that daemon's socket, and then says whose it is. */

import { existsSync, readFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { logHolder, unanswered } from "../../sdk/log-holder.ts"
import { RequestConflict } from "../../sdk/protocol/errors.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { LogLocked } from "../log/LogStore.ts"

const waitMaxMs = 10_000
const lookMs = 100

export const answers = (socket: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    // Nobody listens there as a rule when a daemon starts: to be told that by a connection takes longer.
    if (!existsSync(socket)) return resume(Effect.succeed(false))
    const connection = connect(socket)
    const done = (ok: boolean) => {
      connection.destroy()
      resume(Effect.succeed(ok))
    }
    connection.once("connect", () => done(true))
    connection.once("error", () => done(false))
  })

const holder = (home: string): number | string => {
  const pid = logHolder(home)
  if (pid !== undefined) return pid
  try {
    return readFileSync(join(home, "run", "pid"), "utf8").trim()
  } catch {
    return "unknown"
  }
}

/** When another daemon of this state folder serves already. */
export class AlreadyServed extends Schema.TaggedError<AlreadyServed>()("AlreadyServed", { message: Schema.String }) {
  readonly exitCode = exitCodes.conflict
}

export const awaitLock = <A, E, R>(socket: string, home: string, serve: () => Effect.Effect<A, E | LogLocked, R>) => {
  const notServed = Effect.flatMap(answers(socket), (isServed) =>
    isServed ? Effect.fail(new AlreadyServed({ message: `A daemon serves ${home} already (pid ${holder(home)}).` })) : Effect.void
  )
  const attempt = (leftMs: number): Effect.Effect<A, E | LogLocked | RequestConflict | AlreadyServed, R> =>
    Effect.catchIf(
      // What `serve` does before it has the lock is not done to a daemon that runs.
      Effect.andThen(notServed, Effect.suspend(serve)),
      (error): error is LogLocked => error instanceof LogLocked,
      () =>
        Effect.gen(function* () {
          yield* notServed
          if (leftMs <= 0) {
            return yield* new RequestConflict(unanswered(home, holder(home)))
          }
          yield* Effect.sleep(lookMs)
          return yield* attempt(leftMs - lookMs)
        })
    )
  return attempt(waitMaxMs)
}
