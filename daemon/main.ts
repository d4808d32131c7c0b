/** Entry of the daemon: `skyd run --home DIR [--ready-fd N]`. Says one JSON line on the fd when it serves, or why it does not. */
import { rmSync, writeSync } from "node:fs"
import module from "node:module"
import { hostname, userInfo } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { daemonStream } from "../events/Recorded.ts"
import { build, version } from "../sdk/protocol/build.ts"
import { InternalError, recordError, type SkydError, ValueError } from "../sdk/protocol/errors.ts"
import { Background } from "./Background.ts"
import * as Daemon from "./Daemon.ts"
import { AlreadyServed, awaitLock } from "./home/await-lock.ts"
import { makeRoom } from "./home/ballast.ts"
import { explainUnwritable, prepareHome, watchHome } from "./home/home.ts"
import { fileLogger } from "./home/logger.ts"
import { isUntimely } from "./ipc/Door.ts"
import { Identity } from "./life/Identity.ts"
import { Lifecycle } from "./life/Lifecycle.ts"
import { leave, leaveSoon } from "./life/leave.ts"
import { type AsFound, linkAsFound, stamp } from "./log/as-found.ts"
import { EventLog } from "./log/EventLog.ts"
import { checkTables } from "./log/LevelLog.ts"
import { LogDamaged } from "./log/LogDamaged.ts"
import { LogLocked } from "./log/LogStore.ts"
import * as ReadOnly from "./read-only/ReadOnly.ts"

/** From the wish to end until the process has ended. */
const endMaxMs = 8000

const usage = "usage: skyd run --home DIR [--ready-fd N]\n"

const say = (fd: number | undefined, line: object) => fd !== undefined && writeSync(fd, `${JSON.stringify(line)}\n`)

const identityOf = (home: string, socket: string) => {
  const { username } = userInfo()
  const actor = { kind: "daemon" as const, uid: process.getuid?.() ?? 0, host: hostname() }
  return { home, socket, version, build, pid: process.pid, user: username, actor, startedAtMs: Date.now() }
}
const agentPath = resolve(__dirname, "agent.cjs")

/** Where the state folder has left its place, whatever goes by a path in it is done to another one: not even last words are written. */
const left = Promise.withResolvers<void>()

/** From "ready" until somebody or something ends the daemon; answers why. */
const untilEnded = Effect.fnUntraced(function* (home: string, failure: Effect.Effect<never>, onReady: () => void) {
  const lifecycle = yield* Lifecycle
  const isThere = yield* watchHome(home)
  // Who is told that it is ready may end it at once.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => lifecycle.end(signal))
  onReady()
  yield* Effect.logInfo(`serving ${home} as pid ${process.pid}, build ${build}`)
  const reason = yield* Effect.ensuring(
    Effect.raceFirst(lifecycle.ended, failure),
    Effect.suspend(() => {
      // Whatever hangs on the way out: who ends holds no lock for long.
      setTimeout(() => leave(1), endMaxMs).unref()
      if (isThere()) return Effect.void
      return Effect.andThen(
        Effect.logWarning("ending without a fact: the state folder was moved or deleted"),
        Effect.suspend(() => {
          left.resolve()
          return Effect.never
        })
      )
    })
  )
  yield* Effect.logInfo(`ending: ${reason}`)
  return reason
}, Effect.scoped)

const serve = (home: string, socket: string, onReady: () => void) => {
  const identity = identityOf(home, socket)
  const { actor } = identity
  return Effect.gen(function* () {
    const background = yield* Background
    const log = yield* EventLog
    const reason = yield* untilEnded(home, background.failure, onReady)
    const stopped = { _tag: "DaemonStopped" as const, reason }
    yield* Effect.orDie(log.append({ events: [[daemonStream, stopped]], operation: null, causedBy: 0, actor, expect: [] }))
    return reason
  }).pipe(Effect.provide(Daemon.layer(home, agentPath), { local: true }), Effect.provide(Layer.succeed(Identity, identity)))
}

/** What a damaged log leaves: answers, and the way to end what runs. */
const serveReadOnly = (home: string, socket: string, onReady: () => void, damage: LogDamaged, found: AsFound) => {
  const kept = found.keep(stamp())
  const ready = () => {
    found.settle()
    onReady()
  }
  return untilEnded(home, Effect.never, ready).pipe(
    Effect.ensuring(Effect.sync(found.settle)),
    // While it is held: another one may hold it later.
    Effect.tap(() => Effect.sync(() => rmSync(ReadOnly.guardOf(home), { recursive: true, force: true }))),
    Effect.provide(ReadOnly.layer(home, agentPath, damage, kept), { local: true }),
    Effect.provide(Layer.succeed(Identity, identityOf(home, socket)))
  )
}

/** The store's files are kept as they were found until the log has proven sound; where that is not known, for the next start. */
const serveWhatIsThere = (home: string, socket: string, onReady: () => void) =>
  Effect.suspend(() => {
    makeRoom(home)
    let refused: string | undefined
    const found = linkAsFound(home, (why) => {
      refused = why
    })
    const ready = () => {
      found.discard()
      onReady()
    }
    const unkept = Effect.logWarning(
      `what LevelDB drops when it opens the log is not kept, since its files take no second link: ${refused}`
    )
    const check = found.isSuspect || refused !== undefined || isUntimely(home) ? checkTables(home) : Effect.void
    return Effect.all([refused === undefined ? Effect.void : unkept, check], { discard: true }).pipe(
      Effect.andThen(serve(home, socket, ready)),
      Effect.tapError((error) =>
        // Where a newer version must read on, its start decides.
        Effect.sync(() => (error instanceof LogLocked || error instanceof ValueError) && found.release())
      ),
      // A store that is found broken only when it is written to ends whatever was under way.
      Effect.catchDefect((defect) => (defect instanceof LogDamaged ? Effect.fail(defect) : Effect.die(defect))),
      Effect.catchTag("LogDamaged", (damage) => serveReadOnly(home, socket, onReady, damage, found))
    )
  })

const sayable = (error: unknown, hint: string | null): SkydError =>
  error instanceof Error && "exitCode" in error
    ? (error as SkydError)
    : new InternalError({ message: error instanceof Error ? error.message : String(error), hint })

const fatal = (message: string) => ({ time: new Date().toISOString(), level: "Fatal", message })

const argumentsOf = () => {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { home: { type: "string" }, "ready-fd": { type: "string" } }
    })
    return positionals.length === 1 && positionals[0] === "run" ? { home: values.home, readyFd: values["ready-fd"] } : undefined
  } catch {
    return undefined
  }
}

const main = async (): Promise<number> => {
  const given = argumentsOf()
  if (given?.home === undefined) {
    process.stderr.write(usage)
    return 2
  }
  const readyFd = given.readyFd === undefined ? undefined : Number(given.readyFd)
  process.umask(0o077)
  const home = resolve(given.home)
  let isReady = false
  const fail = (error: unknown, hint: string | null): number => {
    const said = explainUnwritable(home, error) ?? sayable(error, hint)
    if (!isReady) say(readyFd, { ok: false, error: recordError(said) })
    process.stderr.write(`${said.message}\n`)
    return said.exitCode
  }
  try {
    const { socket } = prepareHome(home)
    const diary = fileLogger(home)
    // Said at once: the process ends with it.
    process.on("uncaughtExceptionMonitor", (cause) => diary.writeNow(fatal(cause.stack ?? String(cause))))
    const ready = () => {
      isReady = true
      say(readyFd, { ok: true })
      // Written now: a daemon that is ended by a signal would never write it.
      setTimeout(() => module.flushCompileCache?.(), 1000).unref()
    }
    const work = awaitLock(socket, home, () => serveWhatIsThere(home, socket, ready))
    const exit = await Promise.race([
      Effect.runPromiseExit(Effect.provide(work, Logger.layer([diary.logger]))),
      left.promise.then(() => Exit.succeed("left"))
    ])
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    const isFatal = Exit.isFailure(exit) && !(error instanceof AlreadyServed)
    if (isFatal) diary.write(fatal(explainUnwritable(home, error)?.message ?? Cause.pretty(exit.cause)))
    await diary.close()
    if (Exit.isSuccess(exit)) return 0
    // Two clients spawned a daemon each: the other one serves, and that is all that this one's client wants.
    if (error instanceof AlreadyServed && readyFd !== undefined) {
      say(readyFd, { ok: true })
      return 0
    }
    return fail(error, `See ${home}/daemon.log`)
  } catch (cause) {
    return fail(cause, null)
  }
}

main().then(leaveSoon)
