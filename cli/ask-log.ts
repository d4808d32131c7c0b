/**
 * The log of a state folder, asked: through the daemon where one runs, since it holds the store, else by a process of its own, which
 * speaks the socket's frames on a pipe and waits there for us. No daemon is started.
 */
import { spawn } from "node:child_process"
import type { Readable } from "node:stream"
import { ClientError } from "../sdk/client/ClientError.ts"
import { findHome, type Home } from "../sdk/client/home.ts"
import { type Handlers, makePending } from "../sdk/client/Pending.ts"
import * as rare from "../sdk/client/rare.ts"
import { openSession } from "../sdk/client/Session.ts"
import { daemonProgram } from "../sdk/client/spawn.ts"
import { exitCodes } from "../sdk/protocol/exit-codes.ts"
import type { ServerFrame } from "../sdk/protocol/Wire.ts"

/** How long a store may be held by somebody who does not answer: a daemon that starts or ends. */
const lockedMaxMs = 10_000
const againAfterMs = 100

/** Its end is waited for, because it holds the store. */
export const askFolder = async <T>(home: string, method: string, params: object, handlers: Handlers = {}): Promise<T> => {
  const request = makePending({ id: 1, method, params: { ...params } }, handlers)
  const args = [daemonProgram(), "audit", "--home", home, method, JSON.stringify(params)]
  const child = spawn(process.execPath, args, { stdio: ["inherit", "ignore", "inherit", "pipe"] })
  const ended = new Promise<void>((done) => {
    child.once("close", (code, signal) => {
      request.reject(
        code === exitCodes.interrupted
          ? new ClientError("Interrupted", exitCodes.interrupted, "Interrupted.")
          : new ClientError("AuditError", exitCodes.failed, `The audit ended early (${signal ?? `exit code ${code}`}).`)
      )
      done()
    })
    child.once("error", (error) => {
      request.reject(error)
      done()
    })
  })
  // It hears Ctrl-C too, cleans up, and ends.
  const wait = () => {}
  process.on("SIGINT", wait)
  let rest = ""
  const pipe = child.stdio[3] as Readable
  pipe.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop()!
    try {
      for (const line of lines) request.take(JSON.parse(line) as ServerFrame)
    } catch (cause) {
      request.reject(cause as Error)
      pipe.destroy()
      child.kill()
    }
  })
  try {
    return (await request.done) as T
  } finally {
    await ended
    process.off("SIGINT", wait)
  }
}

/** Fails as unreachable where none runs. */
export const askDaemon = async <T>(home: Home, method: string, params: object, handlers: Handlers): Promise<T> => {
  const session = openSession({ rare: () => rare, spawn: false, home })
  try {
    return await session.call<T>(method, params, handlers)
  } finally {
    session.close()
  }
}

const isNoDaemon = (error: unknown) => (error as ClientError).exitCode === exitCodes.unreachable
const isLocked = (error: unknown) => (error as ClientError).tag === "LogLocked"

/** Whoever is asked next sends all of it again: what was seen is left out. */
const onceEach = (handlers: Handlers) => {
  let seen = 0
  return (): Handlers => {
    let at = 0
    const onLog = (rank: number, text: string | Buffer) => {
      const bytes = Buffer.from(text as string)
      const fresh = bytes.subarray(Math.max(0, seen - at))
      at += bytes.length
      seen = Math.max(seen, at)
      if (fresh.length > 0) handlers.onLog?.(rank, fresh)
    }
    return { ...handlers, onLog }
  }
}

/** Of whoever holds the store. It changes hands while a daemon starts or ends. `askHeld`: how it is found out where a daemon does. */
export const askLog = async <T>(
  method: string,
  params: object = {},
  handlers: Handlers = {},
  askHeld: typeof askDaemon<T> = askDaemon
): Promise<T> => {
  const home = findHome(() => rare)
  const fresh = onceEach(handlers)
  for (const giveUpAtMs = Date.now() + lockedMaxMs; ; ) {
    try {
      return await askHeld(home, method, params, fresh())
    } catch (error) {
      if (!isNoDaemon(error)) throw error
    }
    try {
      return await askFolder<T>(home.folder, method, params, fresh())
    } catch (error) {
      if (!isLocked(error) || Date.now() > giveUpAtMs) throw error
      await new Promise((done) => setTimeout(done, againAfterMs))
    }
  }
}
