/**
 * The socket's place in the state folder, and the pid file beside it. Node removes whatever lies at the path that a listener was given
 * when it closes, be it another daemon's; so the socket is made under another name and moved into its place.
 */
import { once } from "node:events"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { IPCModule } from "node-ipc"
import { logHolder } from "../../sdk/log-holder.ts"
import { answers } from "../home/await-lock.ts"
import { watchHome } from "../home/home.ts"
import { Identity } from "../life/Identity.ts"
import { Lifecycle } from "../life/Lifecycle.ts"

/** Less than a second daemon waits for the first one's socket. */
const lookMs = 2000

/** Where the socket is made. */
export const freshOf = (socket: string) => `${socket}.new`

/** When the socket cannot be listened on. */
class ListenError extends Schema.TaggedError<ListenError>()("ListenError", { message: Schema.String }) {}

/** What cannot be looked at throws: it may be there. */
const numberOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const pidName = "pid"

/** The last one that served this state folder was killed, or ended itself by a defect: it left its pid file, and nobody holds the log. */
export const isUntimely = (home: string): boolean => existsSync(join(home, "run", pidName)) && logHolder(home) === undefined

/** Listens, and listens again when the socket is gone from its place. Where the state folder itself is gone, nobody would be heard. */
export const keepOpen = Effect.fnUntraced(function* (ipc: IPCModule) {
  const { home, pid, socket } = yield* Identity
  const lifecycle = yield* Lifecycle
  const isThere = yield* watchHome(home)
  const folder = dirname(socket)
  const pidFile = join(folder, pidName)
  const fresh = freshOf(socket)
  const own = `${pid}\n`
  let socketNumber: number | undefined
  const isOurs = () => socketNumber !== undefined && numberOf(socket) === socketNumber

  const listen = (start: () => void) =>
    Effect.tryPromise({
      try: async () => {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        rmSync(fresh, { force: true })
        start()
        await once(ipc.server.server, "listening")
        socketNumber = numberOf(fresh)
        renameSync(fresh, socket)
        writeFileSync(pidFile, own)
      },
      catch: (cause) => new ListenError({ message: `Cannot listen on ${socket}: ${(cause as Error).message}` })
    })
  const close = () => {
    if (textOf(pidFile) === own) rmSync(pidFile)
    if (isOurs()) rmSync(socket)
    ipc.server.stop()
  }
  yield* Effect.acquireRelease(
    listen(() => ipc.server.start()),
    () => Effect.sync(close)
  )

  const look = Effect.gen(function* () {
    if (!isThere()) return lifecycle.end("its state folder was moved or deleted")
    // Whoever answers there in our place is asked on purpose.
    if (isOurs() || (yield* answers(socket))) return
    const { server } = ipc.server
    yield* listen(() => server.close().listen(fresh))
    yield* Effect.logWarning(`${socket} was deleted or replaced under the daemon; it listens there again`)
  })
  let said = ""
  const sayOnce = (cause: Cause.Cause<unknown>) => {
    const before = said
    said = Cause.pretty(cause)
    return said === before ? Effect.void : Effect.logError("The socket cannot be looked after:", said)
  }
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(lookMs), Effect.catchCause(look, sayOnce))))
})
