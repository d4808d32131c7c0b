/** `sky daemon`: the process behind it all. Jobs go on without it; any other verb starts it again. */

import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { ClientError } from "../../sdk/client/ClientError.ts"
import { daemonFlags } from "../../sdk/client/environment.ts"
import { findHome } from "../../sdk/client/home.ts"
import * as rare from "../../sdk/client/rare.ts"
import { openSession, type Session } from "../../sdk/client/Session.ts"
import { daemonProgram } from "../../sdk/client/spawn.ts"
import { isAlive } from "../../sdk/is-alive.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { DaemonAnswer, DaemonStopAnswer } from "../../sdk/protocol/queries.ts"
import { plural } from "../../task/plural.ts"
import { followFile, lastLines } from "../follow-file.ts"
import { stderr, stdout } from "../out.ts"
import { asClientError, usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { notify } from "../render/notify.ts"
import { clean, cleanText } from "../render/style.ts"
import { ago } from "../render/time.ts"
import { wholeNumber } from "../task/options.ts"
import { atMost, verb } from "../verb.ts"

const usage = "sky daemon start|stop|restart|status|logs|run"
const tailDefault = 50
const goneMaxMs = 10_000
const lookMs = 10

const say = (text: string) => void stderr.write(`${text}\n`)

const open = (spawn: boolean) => openSession({ rare: () => rare, spawn })

const status = async (session: Session): Promise<DaemonAnswer> => session.call<DaemonAnswer>("daemon.status")

const show = (answer: DaemonAnswer, json: boolean) => {
  if (json) return stdout.write(jsonLine({ running: true, ...answer }))
  const { pid, version, build, startedAtMs, home, head, clusters, runningJobs, runningOperations, incomplete, notices } = answer
  const known = incomplete ? ", as far as is proven" : ""
  notify(notices)
  return stdout.write(
    `The daemon runs: pid ${pid}, version ${version} (${build}), started ${ago(startedAtMs, Date.now())}.\n` +
      `${plural(clusters, "cluster")}, ${plural(runningJobs, "running job")}, ${plural(runningOperations, "running operation")}, ${plural(head, "fact")}${known}.\n` +
      `State: ${home}\n`
  )
}

const go = (count: number) => (count === 1 ? "goes" : "go")

/** What goes on without it, and what only with the next one, where that is known. An older daemon does not say the second. */
const goOn = ({ incomplete, runningJobs, runningOperations = 0 }: Partial<DaemonStopAnswer> & { readonly runningJobs: number }) =>
  incomplete
    ? ""
    : (runningJobs > 0 ? ` ${plural(runningJobs, "job")} ${go(runningJobs)} on without it.` : "") +
      (runningOperations > 0 ? ` ${plural(runningOperations, "operation")} ${go(runningOperations)} on when it starts again.` : "")

/** It hangs up first and then writes its last words; whoever starts another, or reads its folder, must find the log free. */
const untilGone = async (pid: number): Promise<void> => {
  for (const giveUpAtMs = Date.now() + goneMaxMs; isAlive(pid); await sleep(lookMs)) {
    if (Date.now() < giveUpAtMs) continue
    throw new ClientError("RuntimeError", exitCodes.failed, `The daemon (pid ${pid}) does not end: kill -9 ${pid}`)
  }
}

/** False when it was not running. */
const stop = async (json: boolean, force: boolean): Promise<boolean> => {
  const session = open(false)
  try {
    const { pid } = await status(session)
    const left = await session.call<DaemonStopAnswer>("daemon.stop", force ? { force } : {})
    await session.ended()
    await untilGone(pid)
    if (!json) say(`The daemon is stopped.${goOn(left)}`)
    return true
  } catch (error) {
    if (asClientError(error).exitCode !== exitCodes.unreachable) throw error
    if (!json) say("The daemon is not running.")
    return false
  } finally {
    session.close()
  }
}

const start = async (json: boolean): Promise<number> => {
  const session = open(true)
  show(await status(session), json)
  session.close()
  return exitCodes.ok
}

/** That none runs is an answer as well, and not one that ends well. */
const tell = async (json: boolean): Promise<number> => {
  const session = open(false)
  try {
    show(await status(session), json)
    return exitCodes.ok
  } catch (error) {
    if (!json || asClientError(error).exitCode !== exitCodes.unreachable) throw error
    stdout.write(jsonLine({ running: false }))
    return exitCodes.unreachable
  } finally {
    session.close()
  }
}

const run = async (): Promise<number> => {
  const { spawn } = await import("node:child_process")
  const child = spawn(process.execPath, [...daemonFlags, daemonProgram(), "run", "--home", findHome(() => rare).folder], {
    stdio: "inherit"
  })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal))
  return new Promise((done) => child.on("exit", (code) => done(code ?? exitCodes.failed)))
}

const entry = (line: string): string => {
  try {
    const { message, level, time, ...rest } = JSON.parse(line) as Record<string, unknown>
    const words = typeof message === "string" ? message : JSON.stringify(message ?? rest)
    return clean([time, level, words].filter(Boolean).join("  "))
  } catch {
    return cleanText(line)
  }
}

/** What is no JSON, such as a trace of Node, is its text. */
const inJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return { message: line }
  }
}

const logs = async (tail: number, follow: boolean, json: boolean): Promise<number> => {
  const path = join(findHome(() => rare).folder, "daemon.log")
  const print = (line: string) => void stdout.write(json ? `${JSON.stringify(inJson(line))}\n` : `${entry(line)}\n`)
  const lines = lastLines(path, tail)
  if (json && !follow) stdout.write(`${JSON.stringify(lines.map(inJson))}\n`)
  else for (const line of lines) print(line)
  if (follow) await followFile(path, print)
  return exitCodes.ok
}

export const daemon = verb(
  usage,
  { follow: { type: "boolean", short: "f" }, force: { type: "boolean" }, tail: { type: "string" } },
  async ({ flags, words, json }) => {
    const [what = "status"] = words
    atMost(1, words, usage)
    switch (what) {
      case "start":
        return start(json)
      case "stop": {
        const stopped = await stop(json, flags.force === true)
        if (json) stdout.write(jsonLine({ stopped }))
        return exitCodes.ok
      }
      case "restart":
        await stop(true, flags.force === true)
        return start(json)
      case "status":
        return tell(json)
      case "logs":
        return logs(wholeNumber("--tail", flags.tail ?? String(tailDefault), 0), flags.follow === true, json)
      case "run":
        return run()
      default:
        throw usageError(`Unknown: daemon ${what}`, `Usage: ${usage}`)
    }
  }
)
