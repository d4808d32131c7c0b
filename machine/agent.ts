/**
 * The agent of a node on this machine: started, replaced by a newer build, and ended. An agent that ends by a signal leaves its
 * jobs running for the next one; only its `exit` ends them. So a node without an agent is ended by starting one first.
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { open, readFile, unlink } from "node:fs/promises"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { type Ended, type NodeIdentity, nodeFiles } from "../sdk/agent/node-folder.ts"
import type { AgentHello, AgentReady } from "../sdk/agent/protocol.ts"
import { ask, greet } from "./ask.ts"
import { readEnded } from "./folder.ts"
import { type MachineError, transient } from "./MachineError.ts"
import { agentPid, isGone, killHard, leftovers, signal as signalProcess } from "./processes.ts"
import { outliving } from "./systemd.ts"

const readyTimeoutMs = 10_000
/** TERM, 10 s, KILL and a scan: longer than that an agent does not need to end its jobs. */
const exitTimeoutMs = 25_000
/** One that is to end is not waited for like one that is to work: the next agent ends what it leaves. */
const endingTimeoutMs = 5_000
const killTimeoutMs = 5_000
const pollMs = 20
const rounds = 3
const forceRounds = 20
const passedOn = ["PATH", "HOME", "LANG", "TZ", "SKYD_AGENT_MINUTE_MS", "SKYD_LOCAL_BOOT_ID"]

export interface NodePlace {
  readonly folder: string
  /** In this state folder: what is said of it in a folder that was copied here may lead to the node that it is a copy of. */
  readonly socket: string
  readonly identity: NodeIdentity
  /** The agent's program. */
  readonly agentPath: string
}

const isBuild = async (agentPath: string, build: string) =>
  build !== "" &&
  createHash("sha256")
    .update(await readFile(agentPath))
    .digest("hex")
    .startsWith(build)

const firstLine = (pipe: Readable): Promise<string | null> =>
  new Promise((resolve) => {
    let text = ""
    pipe.on("data", (chunk: Buffer) => {
      text += chunk
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")))
    })
    pipe.on("error", () => resolve(null))
    pipe.on("close", () => resolve(null))
    setTimeout(() => resolve(null), readyTimeoutMs).unref()
  })

/** Starts one, and waits until it listens. Another one that is there already is no error: the caller asks again. */
const launch = async ({ folder, agentPath }: NodePlace): Promise<AgentReady> => {
  const log = await open(join(folder, nodeFiles.log), "a", 0o600)
  try {
    const { size: saidBefore } = await log.stat()
    const env = Object.fromEntries(passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
    const stdio = ["ignore", log.fd, log.fd, "pipe"] as const
    const { env: more, prefix } = await outliving()
    const [program, ...args] = [...prefix, process.execPath, agentPath, folder]
    const child = spawn(program!, args, { cwd: folder, detached: true, env: { ...env, ...more }, stdio: [...stdio] })
    const failed = new Promise<never>((_, reject) => child.once("error", reject))
    const pipe = child.stdio[3] as Readable
    child.unref()
    try {
      const line = await Promise.race([firstLine(pipe), failed])
      return line === null ? { ok: false, error: await lastWords(folder, saidBefore) } : (JSON.parse(line) as AgentReady)
    } finally {
      pipe.destroy()
    }
  } finally {
    await log.close()
  }
}

/** The line that names an error, not the frames below it. */
const lastWords = async (folder: string, saidBefore: number) => {
  const path = join(folder, nodeFiles.log)
  const said = await readFile(path).catch(() => Buffer.alloc(0))
  const lines = said.subarray(saidBefore).toString().split("\n")
  const last = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.findLast((line) => /^[^\s}]/.test(line))
  return last ?? `it ended without a word; see ${path}`
}

/** The agent that answers, or null when none runs. One that runs and stays silent is waited for, then killed: its jobs go on. */
const reach = async ({ folder, identity, socket }: NodePlace, patienceMs: number, signal: AbortSignal): Promise<AgentHello | null> => {
  const until = performance.now() + patienceMs
  for (;;) {
    signal.throwIfAborted()
    const hello = await greet(socket, identity, signal).catch((error: MachineError) => {
      if (error.code === "Silent" || error.code === "Closed") return null
      throw error
    })
    if (hello) return hello
    const pid = await agentPid(folder)
    if (pid === null) return null
    if (performance.now() > until) await killHard(pid, killTimeoutMs)
    else await sleep(pollMs)
  }
}

/** An agent of our build that answers. */
export const ensureAgent = async (place: NodePlace, signal: AbortSignal): Promise<AgentHello> => {
  let problem = ""
  for (let round = 0; round < rounds; round++) {
    const hello = await reach(place, exitTimeoutMs, signal)
    if (hello && (await isBuild(place.agentPath, hello.build))) return hello
    if (hello) {
      signalProcess(hello.pid, "SIGTERM")
      if (!(await isGone(hello.pid, readyTimeoutMs))) await killHard(hello.pid, killTimeoutMs)
      continue
    }
    const ready = await launch(place)
    if (ready.ok) return ready.hello
    problem = ready.error
  }
  throw transient("AgentDied", `The agent of node ${place.identity.node} does not start: ${problem}`)
}

/** Until no process of the node is left. Done at once when that is so and the node says itself that it has ended. */
export const endNode = async (place: NodePlace, how: Ended["how"], isStopped: boolean, signal: AbortSignal): Promise<void> => {
  let problem: MachineError | undefined
  for (let round = 0; round <= rounds; round++) {
    const running = await reach(place, endingTimeoutMs, signal)
    if (!running) {
      const ended = await readEnded(place.folder)
      if ((ended || isStopped) && (await leftovers(place.folder)).length === 0) return
      // It was killed while it ended its jobs: what is left is ended by another agent, which does not start beside `ended`.
      if (ended) await unlink(join(place.folder, nodeFiles.ended))
    }
    const { pid } = running ?? (await ensureAgent(place, signal))
    const until = performance.now() + exitTimeoutMs
    problem = await ask(place.socket, "exit", { how }, exitTimeoutMs, signal).then(
      () => undefined,
      (error: MachineError) => error
    )
    // Of one that said that it cannot, no end is to be waited for.
    const isEnding = problem === undefined || problem.code === "Closed"
    if (!isEnding || !(await isGone(pid, until - performance.now()))) await killHard(pid, killTimeoutMs)
  }
  const left = await leftovers(place.folder)
  throw problem ?? transient("StillRunning", `Node ${place.identity.node} does not end: processes ${left.join(", ")} are still there.`)
}

/** Ends a node whose agent cannot (a full disk, a broken program): for one that is taken down its journal need not be written. */
export const endByForce = async ({ folder, node }: { readonly folder: string; readonly node: string }): Promise<void> => {
  for (let round = 0; round < forceRounds; round++) {
    const agent = await agentPid(folder)
    const left = [...(agent === null ? [] : [agent]), ...(await leftovers(folder))]
    if (left.length === 0) return
    for (const pid of left) await killHard(pid, killTimeoutMs)
  }
  throw transient("StillRunning", `Node ${node} does not end: its processes come again as they are killed.`)
}
