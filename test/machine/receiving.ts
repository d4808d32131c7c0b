/** A node whose files come over the stdio of `agent.cjs receive`, as over ssh they come over a channel. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duplex } from "node:stream"
import { Effect } from "effect"
import { ulid } from "ulid"
import { afterEach, beforeEach } from "vitest"
import { placedAt } from "../../daemon/sync/FileList.ts"
import { listFiles } from "../../daemon/sync/list-files.ts"
import { type SendOptions, send } from "../../daemon/sync/send.ts"
import { openMachine } from "../../machine/Machine.ts"
import type { Received } from "../../machine/receive.ts"
import type { NodeRef } from "../../machine/shapes.ts"
import { agentPath, bundles } from "../contract/cloud-local-prepare.ts"

export const isRoot = process.getuid?.() === 0
/** Nobody's. */
export const other = 65_534

const never = new AbortController().signal

export interface Ground {
  readonly scratch: string
  /** What is sent. */
  readonly from: string
  readonly base: string
  readonly home: string
  readonly ref: NodeRef
  readonly incoming: string
}

export let ground: Ground
export const children: Array<ChildProcessWithoutNullStreams> = []

const makeNode = async (base: string, home: string | undefined): Promise<NodeRef> => {
  const machine = await openMachine({ base, agentPath, environment: async () => ({ PATH: "/usr/bin:/bin" }) })
  const tags = { log: ulid(), cluster: ulid(), clusterName: "train" }
  const token = ulid()
  const offer = { cloud: "ssh", region: "pool", zone: null, cpus: 1, memoryGib: 1, accelerators: null }
  const own = home === undefined ? {} : { home }
  await machine.provision({ tags, token, ranks: [{ rank: 0, address: "10.0.0.1" }], offer, ...own }, never)
  return { tags, rank: 0, node: `${token}-0` }
}

/** With a home of the user's, or one of the node's own. */
export const useGround = (whose: "user" | "node") => {
  beforeEach(async () => {
    const scratch = mkdtempSync(join(tmpdir(), "skyd-r-"))
    for (const name of ["from", "home"]) mkdirSync(join(scratch, name))
    const base = join(scratch, "base")
    const ref = await makeNode(base, whose === "user" ? join(scratch, "home") : undefined)
    const folder = join(base, "nodes", ref.node)
    const home = whose === "user" ? join(scratch, "home") : join(folder, "home")
    ground = { scratch, from: join(scratch, "from"), base, home, ref, incoming: join(folder, "home.incoming") }
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL")
    rmSync(ground.scratch, { recursive: true, force: true })
  })
}

/** Whoever it is may be the one who receives. */
export const openToOthers = () => {
  const { base, incoming, ref, scratch } = ground
  for (const path of [bundles, scratch, base, join(base, "nodes"), join(base, "nodes", ref.node)]) chmodSync(path, 0o777)
  chmodSync(join(incoming, "../node.json"), 0o644)
}

export const startReceive = (env: NodeJS.ProcessEnv = process.env, uid?: number): ChildProcessWithoutNullStreams => {
  const child = spawn(process.execPath, [agentPath, "receive", ground.base], { env, ...(uid !== undefined && { uid, gid: uid }) })
  child.stderr.pipe(process.stderr)
  child.stdin.on("error", () => {})
  children.push(child)
  return child
}

export const lineOf = (child: ChildProcessWithoutNullStreams): Duplex => {
  const line = Duplex.from({ readable: child.stdout, writable: child.stdin })
  line.on("error", () => {})
  return line
}

export interface Sending extends Partial<SendOptions> {
  readonly from?: string
  readonly target?: string
  readonly child?: ChildProcessWithoutNullStreams
}

/** Of a folder, or of one file. */
export const sync = async ({ child = startReceive(), from = ground.from, target = "w", ...options }: Sending = {}): Promise<Received> => {
  const placed = placedAt(await Effect.runPromise(listFiles(from, "mount")), target)
  return send(lineOf(child), ground.ref, placed, { signal: never, ...options })
}

/** Everything that a copy keeps: kinds, bytes, modes, times of files, links. */
export const everything = (root: string, below = ""): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(root, below))) {
    const path = below + name
    const stat = lstatSync(join(root, path))
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(root, path))}`
    else if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: mode }, everything(root, `${path}/`))
    else found[path] = `${mode} ${stat.mtimeMs.toFixed(2)} ${readFileSync(join(root, path), "latin1")}`
  }
  return found
}
