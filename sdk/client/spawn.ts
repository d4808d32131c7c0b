/**
 * Starts the daemon and waits until it answers: one JSON line on a pipe, never polling. It outlives us and inherits no stdio,
 * so `out=$(sky status)` returns. Two clients may spawn at once: the daemon that finds the log taken waits for the other's socket.
 */
import { spawn } from "node:child_process"
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../protocol/exit-codes.ts"
import type { WireError } from "../protocol/Wire.ts"
import { ClientError } from "./ClientError.ts"
import { daemonEnvironment } from "./environment.ts"
import type { Home } from "./home.ts"
import { makeFolder } from "./home-problems.ts"

const readyTimeoutMs = 60_000
const logTailBytes = 65_536

export const daemonProgram = (): string => join(__dirname, "..", "bin", "skyd.cjs")

export const unreachable = (message: string, hint: string | null = null) =>
  new ClientError("DaemonUnreachable", exitCodes.unreachable, message, hint)

/** What a daemon that died said last. */
const lastWords = (folder: string): string | undefined => {
  try {
    const log = openSync(join(folder, "daemon.log"), "r")
    const { size } = fstatSync(log)
    const bytes = Buffer.alloc(Math.min(size, logTailBytes))
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

export const startDaemon = async (home: Home): Promise<void> => {
  makeFolder(home.folder)
  const child = spawn(process.execPath, [daemonProgram(), "run", "--home", home.folder, "--ready-fd", "3"], {
    detached: true,
    cwd: "/",
    env: daemonEnvironment(process.env),
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  })
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
  child.unref()
  if (line.includes("\n")) {
    const ready = JSON.parse(line) as Ready
    if (ready.ok) return
    const { tag, exitCode, message, hint } = ready.error
    throw new ClientError(tag, exitCode, message, hint)
  }
  const words = lastWords(home.folder)
  throw unreachable(
    `The daemon ended as it started${words ? `: ${words}` : "."}`,
    "See its log: sky daemon logs. Start it by hand: sky daemon run"
  )
}
