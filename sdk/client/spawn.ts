/**
 * Starts the daemon and waits until it answers: one JSON line on a pipe, never polling. It outlives us and inherits no stdio,
 * so `out=$(sky status)` returns. Two clients may spawn at once: the daemon that finds the log taken waits for the other's socket.
 */
import { spawn } from "node:child_process"
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { WireError } from "../protocol/Wire.ts"
import { ClientError } from "./ClientError.ts"
import { daemonEnvironment, daemonFlags } from "./environment.ts"
import type { Home } from "./home.ts"
import { makeFolder } from "./home-problems.ts"

const readyTimeoutMs = 60_000
const logTailBytes = 65_536

export const daemonProgram = (): string => join(__dirname, "..", "bin", "skyd.cjs")

export const unreachable = (message: string, hint: string | null = null) =>
  new ClientError("DaemonUnreachable", exitCodes.unreachable, message, hint)

const logOf = (home: Home) => join(home.folder, "daemon.log")

/** What a daemon that died said last, in a log that had that size before: what is older is another one's. */
const lastWords = (home: Home, before: number): string | undefined => {
  try {
    const log = openSync(logOf(home), "r")
    const { size } = fstatSync(log)
    // A shorter one was begun anew.
    const bytes = Buffer.alloc(Math.min(size < before ? size : size - before, logTailBytes))
    readSync(log, bytes, 0, bytes.length, size - bytes.length)
    closeSync(log)
    const line = bytes.toString().trimEnd().split("\n").at(-1) ?? ""
    try {
      return String((JSON.parse(line) as { message?: unknown }).message ?? line)
    } catch {
      return line || undefined
    }
  } catch {
    return undefined
  }
}

type Ready = { readonly ok: true } | { readonly ok: false; readonly error: WireError }

/** The line that a daemon says when it serves, or why it does not; what ended it where it said nothing. */
const start = async (home: Home): Promise<{ readonly line: string } | { readonly signal: NodeJS.Signals | null }> => {
  const child = spawn(process.execPath, [...daemonFlags, daemonProgram(), "run", "--home", home.folder, "--ready-fd", "3"], {
    detached: true,
    cwd: "/",
    env: daemonEnvironment(process.env),
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  })
  const ended = new Promise<NodeJS.Signals | null>((done) => child.once("exit", (_, signal) => done(signal)))
  const pipe = child.stdio[3] as NodeJS.ReadableStream & { destroy(): void }
  const line = await new Promise<string>((done, fail) => {
    let text = ""
    const timer = setTimeout(
      () => fail(unreachable(`The daemon is not ready after ${readyTimeoutMs / 1000} s.`, "See what it does: sky daemon logs")),
      readyTimeoutMs
    )
    const end = () => {
      clearTimeout(timer)
      done(text)
    }
    pipe.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes("\n")) end()
    })
    pipe.on("close", end)
    pipe.on("error", end)
    child.on("error", fail)
  })
  pipe.destroy()
  if (!line.includes("\n")) return { signal: await ended }
  child.unref()
  return { line }
}

export const startDaemon = async (home: Home): Promise<void> => {
  makeFolder(home.folder)
  const before = statSync(logOf(home), { throwIfNoEntry: false })?.size ?? 0
  let said = await start(home)
  // LevelDB ends it over files that make no sense to it: the next one looks at them before.
  if ("signal" in said && said.signal !== null) said = await start(home)
  if ("line" in said) {
    const ready = JSON.parse(said.line) as Ready
    if (ready.ok) return
    const { tag, exitCode, message, hint } = ready.error
    throw new ClientError(tag, exitCode, message, hint)
  }
  const words = lastWords(home, before) ?? said.signal
  throw unreachable(
    `The daemon ended as it started${words ? `: ${words}` : "."}`,
    "See its log: sky daemon logs. Start it by hand: sky daemon run"
  )
}
