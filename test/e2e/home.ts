/** A private state folder with the real programs on it: the built `sky`, the daemon that it spawns, real agents. Ended and removed after the file or the test that made it. */
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, expect, onTestFinished } from "vitest"

export const root = resolve(import.meta.dirname, "../..")
const bin = join(root, "bin/sky.cjs")

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Frame {
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the daemon sends is looked at by the test
  readonly data: any
}

export class Home {
  readonly path = mkdtempSync(join(tmpdir(), "skyd-"))
  readonly env: NodeJS.ProcessEnv

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.env = {
      PATH: process.env["PATH"],
      HOME: this.path,
      LANG: "C.UTF-8",
      USER: "ann",
      SHELL: "/bin/sh",
      SKYD_HOME: join(this.path, "s"),
      ...env
    }
    const whenOver = expect.getState().currentTestName === undefined ? afterAll : onTestFinished
    whenOver(() => this.end())
  }

  get state(): string {
    return join(this.path, "s")
  }

  /** Runs `sky` to its end. */
  async sky(...args: ReadonlyArray<string>): Promise<Ran> {
    return this.start(...args).ended
  }

  /** Starts `sky`; the test decides what becomes of it. */
  start(...args: ReadonlyArray<string>) {
    const child = spawn(process.execPath, [bin, ...args], { env: this.env, cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text
    })
    const ended = new Promise<Ran>((done) => child.once("close", (code) => done({ code, out, err })))
    const until = async (text: string) => {
      for (let i = 0; i < 600; i++) {
        if ((out + err).includes(text)) return
        await sleep(25)
      }
      throw new Error(`'${text}' did not come; it said: ${out}${err}`)
    }
    return { child, ended, until }
  }

  // biome-ignore lint/suspicious/noExplicitAny: the JSON of a command
  async json(...args: ReadonlyArray<string>): Promise<any> {
    const { code, err, out } = await this.sky(...args, "-o", "json")
    if (code !== 0) throw new Error(`sky ${args.join(" ")} ended with ${code}: ${err}`)
    return JSON.parse(out)
  }

  /** A file in the state folder's parent, for task files and the like. */
  file(name: string, text: string): string {
    const path = join(this.path, name)
    writeFileSync(path, text)
    return path
  }

  async daemonPid(): Promise<number> {
    return (await this.json("daemon", "status")).pid
  }

  /** A raw connection to the daemon's socket. */
  socket(): Wire {
    return new Wire(connect(join(this.state, "run", "sock")))
  }

  /** The folders of the nodes that exist. */
  nodes(): ReadonlyArray<string> {
    const folder = join(this.state, "nodes")
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  }

  agentPid(index = 0): number {
    return Number.parseInt(readFileSync(join(this.nodes()[index]!, "agent", "pid"), "utf8"), 10)
  }

  async end(): Promise<void> {
    await this.sky("down", "-a", "-y")
    await this.sky("daemon", "stop")
    for (const pid of processesOf(this.path)) kill(pid)
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Speaks frames, and keeps what comes. */
export class Wire {
  readonly socket: Socket
  readonly frames: Array<Frame> = []
  closed = false
  private buffer = ""
  private readonly waiting: Array<() => void> = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding("utf8")
    socket.on("data", (chunk: string) => {
      this.buffer += chunk
      for (let end = this.buffer.indexOf("\n"); end !== -1; end = this.buffer.indexOf("\n")) {
        this.frames.push(JSON.parse(this.buffer.slice(0, end)))
        this.buffer = this.buffer.slice(end + 1)
      }
      for (const wake of this.waiting.splice(0)) wake()
    })
    socket.on("close", () => {
      this.closed = true
      for (const wake of this.waiting.splice(0)) wake()
    })
    socket.on("error", () => undefined)
  }

  send(...frames: ReadonlyArray<object>): this {
    this.socket.write(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(""))
    return this
  }
  request(id: number | string, method: string, params: object = {}, rest: object = {}): this {
    return this.send({ type: "request", data: { id, method, params, ...rest } })
  }

  /** The first frame that is so. */
  async until(is: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(is)
      if (found !== undefined) return found
      if (this.closed) throw new Error(`closed after ${JSON.stringify(this.frames)}`)
      await new Promise<void>((wake) => this.waiting.push(wake))
    }
  }
  answer(id: number | string): Promise<Frame> {
    return this.until(({ data, type }) => data?.id === id && (type === "failure" || (type === "result" && data.more !== true)))
  }
  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((wake) => this.waiting.push(wake))
  }
}

export const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

export const kill = (pid: number, signal: NodeJS.Signals = "SIGKILL") => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

/** Processes that were started from this folder: their command line, environment or working folder names it. */
export const processesOf = (folder: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return ["cmdline", "environ"].some((file) => readFileSync(`/proc/${pid}/${file}`, "utf8").includes(folder))
      } catch {
        return false
      }
    })

/** How many sockets a process has open. */
export const socketsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`).startsWith("socket:")
    } catch {
      return false
    }
  }).length

/** Until it is so; never longer than half a minute. */
export const eventually = async <A>(look: () => A | Promise<A>, is: (value: A) => boolean = Boolean): Promise<A> => {
  for (let i = 0; ; i++) {
    const value = await look()
    if (is(value)) return value
    if (i > 600) throw new Error(`it did not come to that: ${JSON.stringify(value)}`)
    await sleep(50)
  }
}
