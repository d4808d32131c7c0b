/**
 * Real agents on temporary folders, and a client of their sockets. The bundle is built once a test file. Whatever was started is
 * ended by `cleanUp`, jobs included: they carry the test's own cluster id.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildSync } from "esbuild"
import { type Frame, readFrames, writeFrame } from "../../agent/frames.ts"
import { endProcesses } from "../../agent/leftovers.ts"
import { ulid } from "../../agent/ulid.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"
import type { AgentHello, AgentMethods, AgentReady, JobSpec, JournalEntry, JournalFact, Peer } from "../../sdk/agent/protocol.ts"

const scratch = fs.mkdtempSync(join(tmpdir(), "skyd-a-"))
const bundle = join(scratch, "agent.cjs")
const clusters: Array<{ cluster: string; nodes: ReadonlyArray<TestNode> }> = []

const build = () => {
  if (fs.existsSync(bundle)) return
  buildSync({
    entryPoints: ["agent/main.ts"],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node22"
  })
}

export class Client {
  readonly socket: Socket
  readonly frames: Array<Frame> = []
  readonly #waiting = new Map<unknown, { resolve: (value: never) => void; reject: (cause: Error) => void }>()
  readonly #listeners = new Set<() => void>()
  #next = 1
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on("error", () => {})
    socket.on("close", () => {
      this.closed = true
      for (const { reject } of this.#waiting.values()) reject(new Error("closed"))
      for (const listener of this.#listeners) listener()
    })
    readFrames(
      socket,
      (frame) => this.#read(frame),
      () => {}
    )
  }

  static open(path: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(path)
      socket.once("connect", () => resolve(new Client(socket)))
      socket.once("error", reject)
    })
  }

  call<Name extends keyof AgentMethods>(method: Name, params: AgentMethods[Name][0], id: string | number = this.#next++) {
    writeFrame(this.socket, "request", { id, method, params })
    return new Promise<AgentMethods[Name][1]>((resolve, reject) => this.#waiting.set(id, { resolve: resolve as never, reject }))
  }

  /** Resolves with the first value that `find` has. */
  until<Value>(find: () => Value | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const value = find()
        if (value !== undefined) resolve(value)
        else if (this.closed) reject(new Error("closed while waiting"))
        else return
        this.#listeners.delete(look)
      }
      this.#listeners.add(look)
      look()
    })
  }

  /** The bytes of a rank as they came. */
  output(rank = 0): Buffer {
    const chunks = this.frames.filter(({ type, data }) => type === "log" && data.rank === rank)
    return Buffer.concat(
      chunks.map(({ data }) => (data.text !== undefined ? Buffer.from(data.text as string) : Buffer.from(data.base64 as string, "base64")))
    )
  }

  prefixes() {
    return this.frames.filter(({ type }) => type === "source").map(({ data }) => data.prefix as string)
  }

  #read(frame: Frame) {
    const waiting = this.#waiting.get(frame.data.id)
    if (frame.type === "result") waiting?.resolve(frame.data.value as never)
    else if (frame.type === "failure") {
      const error = frame.data.error as { tag: string; message: string }
      waiting?.reject(Object.assign(new Error(error.message), { tag: error.tag }))
    }
    this.frames.push(frame)
    for (const listener of this.#listeners) listener()
  }
}

export class TestNode {
  readonly root: string
  readonly identity: NodeIdentity
  readonly env: Record<string, string>
  process: ChildProcess | null = null
  ready: AgentReady | null = null

  constructor(identity: NodeIdentity, root: string, env: Record<string, string>) {
    this.identity = identity
    this.root = root
    this.env = env
    fs.mkdirSync(root, { recursive: true })
    fs.writeFileSync(join(root, "node.json"), JSON.stringify(identity))
    this.boot()
  }

  /** What the cloud does when it starts a node. */
  boot() {
    fs.rmSync(join(this.root, "ended"), { force: true })
    fs.writeFileSync(join(this.root, "boot"), `${fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}\n`)
  }

  get peer(): Peer {
    const { rank, node, address, socket } = this.identity
    return { rank, node, address, socket }
  }

  async start(): Promise<AgentHello> {
    build()
    const log = fs.openSync(join(this.root, "agent.log"), "a")
    const child = spawn(process.execPath, [bundle, this.root], { stdio: ["ignore", log, log, "pipe"], detached: true, env: this.env })
    fs.closeSync(log)
    this.process = child
    let text = ""
    const pipe = child.stdio[3] as Socket
    for await (const chunk of pipe) {
      text += chunk
      if (text.includes("\n")) break
    }
    this.ready = text === "" ? null : JSON.parse(text)
    if (this.ready === null) throw new Error(`the agent died: ${this.log()}`)
    if (!this.ready.ok) throw new Error(this.ready.error)
    return this.ready.hello
  }

  client() {
    return Client.open(this.identity.socket)
  }

  /** kill -9, and gone when it returns. */
  async kill(signal: NodeJS.Signals = "SIGKILL") {
    const child = this.process!
    const gone = this.gone()
    child.kill(signal)
    await gone
  }

  gone(): Promise<void> {
    const child = this.process!
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => child.once("exit", () => resolve()))
  }

  log() {
    return fs.readFileSync(join(this.root, "agent.log"), "utf8")
  }

  home(path: string) {
    return join(this.root, "home", path)
  }
}

export interface Wanted {
  readonly nodes?: number
  readonly cpus?: number
  readonly accelerators?: { readonly name: string; readonly count: number } | null
  readonly minuteMs?: number
  readonly start?: boolean
  readonly powersOff?: boolean
  readonly home?: string
}

let made = 0

/** A folder of programs for an agent that powers its machine off: that ends the agent, as a machine would, and no machine. */
const withoutPower = (base: string): string => {
  const folder = join(base, "bin")
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(join(folder, "shutdown"), "#!/bin/sh\nkill -9 $PPID\n", { mode: 0o755 })
  fs.writeFileSync(join(folder, "sudo"), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 })
  return folder
}

/** A cluster whose head knows its peers. */
export const cluster = async ({
  nodes = 1,
  cpus = 4,
  accelerators = null,
  minuteMs = 60_000,
  start = true,
  powersOff = false,
  home
}: Wanted = {}) => {
  const id = `cluster-${ulid(Date.now())}`
  const base = join(scratch, `${made++}`)
  const all = Array.from({ length: nodes }, (_, rank) => {
    const identity: NodeIdentity = {
      log: "log",
      cluster: id,
      clusterName: "mycluster",
      token: "token",
      node: `${id}-node-${rank}`,
      rank,
      address: `127.0.1.${rank + 1}`,
      cloud: "local",
      region: "here",
      zone: null,
      cpus,
      memoryGib: 4,
      accelerators,
      socket: join(base, `${rank}.sock`),
      environment: { PATH: "/usr/local/bin:/usr/bin:/bin", USER: "alice", LANG: "C.UTF-8" },
      ...(home !== undefined && { home }),
      ...(powersOff && { powersOff })
    }
    return new TestNode(identity, join(base, `n${rank}`), {
      SKYD_AGENT_MINUTE_MS: `${minuteMs}`,
      PATH: powersOff ? `${withoutPower(base)}:${process.env.PATH}` : process.env.PATH!
    })
  })
  clusters.push({ cluster: id, nodes: all })
  if (!start) return { nodes: all, head: all[0]! }
  await Promise.all(all.map((node) => node.start()))
  const client = await all[0]!.client()
  await client.call("configure", { peers: all.map(({ peer }) => peer) })
  client.socket.destroy()
  return { nodes: all, head: all[0]! }
}

export const job = (id: number, run: string, more: Partial<JobSpec> = {}): JobSpec => ({
  id,
  name: null,
  runTimestamp: `sky-2026-01-01-00-00-00-${String(id).padStart(6, "0")}`,
  numNodes: 1,
  accelerators: null,
  setup: null,
  run,
  envs: {},
  secrets: {},
  ...more
})

/** What the daemon does: follows the journal on a connection of its own. */
export class Follower {
  readonly client: Client

  constructor(client: Client) {
    this.client = client
  }

  static async of(node: TestNode, after = 0) {
    const follower = new Follower(await node.client())
    follower.client.call("journal.follow", { after }).catch(() => {})
    return follower
  }

  get entries(): ReadonlyArray<JournalEntry> {
    return this.client.frames.filter(({ type }) => type === "entry").map(({ data }) => data.entry as JournalEntry)
  }

  get facts(): ReadonlyArray<JournalFact> {
    return this.entries.map(({ fact }) => fact)
  }

  fact<Tag extends JournalFact["_tag"]>(tag: Tag, job?: number): Promise<Extract<JournalFact, { readonly _tag: Tag }>> {
    return this.client.until(() =>
      this.facts.find((fact) => fact._tag === tag && (job === undefined || ("job" in fact && fact.job === job)))
    ) as never
  }
}

/** Looks until it holds; for what no socket tells. */
export const eventually = async (holds: () => boolean, withinMs = 10_000) => {
  const until = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > until) throw new Error(`did not come to hold: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const read = (path: string) => (fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "")

export const cleanUp = async () => {
  for (const { cluster, nodes } of clusters)
    for (const node of nodes) {
      if (node.process !== null) await node.kill()
      await endProcesses({ folder: node.root, job: `${cluster}/` })
    }
  fs.rmSync(scratch, { recursive: true, force: true })
}
