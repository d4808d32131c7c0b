/** Entry of the daemon: `skyd run --home DIR [--ready-fd N]`. Says one JSON line on the fd when it serves, or why it does not. */
import { rmSync, writeFileSync, writeSync } from "node:fs"
import module from "node:module"
import { hostname, userInfo } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { build, version } from "../sdk/protocol/build.ts"
import { InternalError, recordError, type SkydError } from "../sdk/protocol/errors.ts"
import { AlreadyServed, awaitLock } from "./await-lock.ts"
import { Background } from "./Background.ts"
import * as Daemon from "./Daemon.ts"
import { prepareHome } from "./home.ts"
import { Identity } from "./Identity.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { EventLog } from "./log/EventLog.ts"
import { readerVersion } from "./log/read-record.ts"
import { fileLogger } from "./logger.ts"

const usage = "usage: skyd run --home DIR [--ready-fd N]\n"

const say = (fd: number | undefined, line: object) => {
  if (fd !== undefined) writeSync(fd, `${JSON.stringify(line)}\n`)
}

const serve = (home: string, socket: string, onReady: () => void) => {
  const { username } = userInfo()
  const actor = { kind: "daemon" as const, uid: process.getuid?.() ?? 0, host: hostname() }
  const identity = { home, socket, version, build, pid: process.pid, user: username, actor, startedAtMs: Date.now() }
  const record = (event: Parameters<EventLog["Service"]["append"]>[0]["events"][number][1]) =>
    EventLog.use((log) => log.append({ events: [["daemon" as never, event]], operation: null, causedBy: 0, actor, expect: [] })).pipe(
      Effect.orDie
    )
  return Effect.gen(function* () {
    const lifecycle = yield* Lifecycle
    const background = yield* Background
    yield* record({ _tag: "DaemonStarted", version, minReader: readerVersion, pid: process.pid })
    yield* Effect.sync(() => writeFileSync(join(home, "run", "pid"), `${process.pid}\n`))
    onReady()
    yield* Effect.logInfo(`serving ${home} as pid ${process.pid}, build ${build}`)
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => lifecycle.end(signal))
    const reason = yield* Effect.raceFirst(lifecycle.ended, background.failure)
    yield* Effect.logInfo(`ending: ${reason}`)
    yield* Effect.sync(() => rmSync(join(home, "run", "pid"), { force: true }))
    yield* record({ _tag: "DaemonStopped", reason })
    return reason
  }).pipe(
    Effect.provide(Daemon.layer(home, resolve(__dirname, "agent.cjs")), { local: true }),
    Effect.provide(Layer.succeed(Identity, identity))
  )
}

const sayable = (error: unknown, hint: string | null): SkydError =>
  error instanceof Error && "exitCode" in error
    ? (error as SkydError)
    : new InternalError({ message: error instanceof Error ? error.message : String(error), hint })

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
  try {
    const { socket } = prepareHome(home)
    const diary = fileLogger(home)
    let isReady = false
    const ready = () => {
      isReady = true
      say(readyFd, { ok: true })
      // Written now: a daemon that is ended by a signal would never write it.
      setTimeout(() => module.flushCompileCache?.(), 1000).unref()
    }
    const exit = await Effect.runPromiseExit(
      awaitLock(socket, home, () => serve(home, socket, ready)).pipe(Effect.provide(Logger.layer([diary.logger])))
    )
    if (Exit.isFailure(exit)) diary.write({ time: new Date().toISOString(), level: "Fatal", message: Cause.pretty(exit.cause) })
    await diary.close()
    if (Exit.isSuccess(exit)) return 0
    const error = Cause.squash(exit.cause)
    // Two clients spawned a daemon each: the other one serves, and that is all that this one's client wants.
    if (error instanceof AlreadyServed && readyFd !== undefined) {
      say(readyFd, { ok: true })
      return 0
    }
    const said = sayable(error, `See ${home}/daemon.log`)
    if (!isReady) say(readyFd, { ok: false, error: recordError(said) })
    process.stderr.write(`${said.message}\n`)
    return said.exitCode
  } catch (cause) {
    const said = sayable(cause, null)
    say(readyFd, { ok: false, error: recordError(said) })
    process.stderr.write(`${said.message}\n`)
    return said.exitCode
  }
}

main().then((code) => process.exit(code))
