/** A state folder of the benchmark's own, with the product's own entry to drive it. Everything in it is ended and removed at the end. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { node, wallMs } from "./measure.ts"

export const sky = resolve(import.meta.dirname, "../bin/sky.cjs")

type Frame = { readonly type: string; readonly data: Readonly<Record<string, never>> }

export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
  readonly env: NodeJS.ProcessEnv = { ...process.env, SKYD_HOME: this.folder, NO_COLOR: "1" }

  get socket(): string {
    return join(this.folder, "run/sock")
  }

  /** What it printed. */
  sky(...args: ReadonlyArray<string>): string {
    const { status, stdout, stderr } = spawnSync(node, [sky, ...args], {
      env: this.env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
    if (status !== 0) throw new Error(`sky ${args.join(" ")}: exit ${status}: ${stderr}`)
    return stdout
  }

  wallMs(...args: ReadonlyArray<string>): number {
    return wallMs([sky, ...args], this.env)
  }

  status(): { readonly pid: number; readonly head: number } {
    return JSON.parse(this.sky("daemon", "status", "-o", "json"))
  }

  /** Of the only cluster's head. */
  agentPid(): number | undefined {
    const [node] = readdirSync(join(this.folder, "nodes"))
    const found = readdirSync("/proc").find((pid) => /^\d+$/.test(pid) && this.isAgent(pid, node ?? ""))
    return found === undefined ? undefined : Number(found)
  }

  private isAgent(pid: string, node: string): boolean {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      return words[1]?.endsWith("agent.cjs") === true && words[2]?.endsWith(node) === true
    } catch {
      return false
    }
  }

  /** `clusters` false: none of them exists outside the log. */
  end(clusters = true): void {
    const words = [...(clusters ? [["down", "-y", "-a"]] : []), ["daemon", "stop"]]
    const ended = words.map((args) => spawnSync(node, [sky, ...args], { env: this.env, stdio: "ignore" }))
    if (ended.some(({ status }) => status !== 0)) process.stderr.write(`Something of ${this.folder} may still run.\n`)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A connection that sends many requests at once, as a script would. */
export class Wire {
  private readonly socket: Socket
  private readonly waiting = new Map<number, { readonly done: (value: Frame) => void; readonly fail: (error: Error) => void }>()
  private rest = ""
  private ids = 0

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding("utf8")
    socket.on("data", (chunk: string) => this.take(chunk))
  }

  static open(path: string): Promise<Wire> {
    return new Promise((done, fail) => {
      const socket = connect(path, () => done(new Wire(socket)))
      socket.once("error", fail)
    })
  }

  private take(chunk: string): void {
    const lines = (this.rest + chunk).split("\n")
    this.rest = lines.pop()!
    for (const line of lines) {
      const frame = JSON.parse(line) as Frame
      const id = Number(frame.data.id)
      if (frame.type === "result" && frame.data.more !== true) this.waiting.get(id)?.done(frame)
      if (frame.type === "failure") this.waiting.get(id)?.fail(new Error(line))
    }
  }

  call(method: string, params: object = {}): Promise<Frame> {
    const id = ++this.ids
    return new Promise((done, fail) => {
      this.waiting.set(id, { done, fail })
      this.socket.write(`${JSON.stringify({ type: "request", data: { id, method, params } })}\n`)
    })
  }

  close(): void {
    this.socket.destroy()
  }
}

/** CPU that a process has used. */
export const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export const rssMb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024

export const sleep = (forMs: number): Promise<void> => new Promise((done) => setTimeout(done, forMs))
