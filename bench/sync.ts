/**
 * How long a sync takes beside `rsync -a`, in turns: to a machine behind OpenSSH in namespaces of its own, both on a connection that is kept; and
 * to a node of this machine, beside rsync between two folders. What lies on the disk is the same for both.
 */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { ulid } from "ulid"
import type { Cloud, NodeRef } from "../daemon/clouds/Cloud.ts"
import * as LocalCloud from "../daemon/clouds/local/LocalCloud.ts"
import * as SshCloud from "../daemon/clouds/ssh/SshCloud.ts"
import { Connections } from "../daemon/remote/Connections.ts"
import { listFiles } from "../daemon/sync/list-files.ts"
import { ClusterId, ClusterName, NodeToken } from "../events/ids.ts"
import { keyPair } from "../test/fakes/ssh-keys.ts"
import { type Bench, type Figure, inTurns, ms } from "./measure.ts"

const agentPath = resolve(import.meta.dirname, "../dist/agent.cjs")
const small = 5_000
const largeMb = 100
const times = 5

/** Where things are sent: by us, into `w` of the node's home; by rsync, into `to`. */
interface Ground {
  readonly cloud: Cloud
  readonly ref: NodeRef
  readonly home: string
  readonly rsync: ReadonlyArray<string>
  readonly to: string
  readonly rsyncTo: string
}

const provision = async (cloud: Cloud): Promise<NodeRef> => {
  const { offers } = await Effect.runPromise(cloud.offers({}))
  const tags = { log: ulid(), cluster: ClusterId.make(ulid()), clusterName: ClusterName.make("bench") }
  const request = { tags, token: NodeToken.make(ulid()), ranks: [0], offer: offers[0]! }
  const [node] = await Effect.runPromise(cloud.provision(request))
  return { tags, region: request.offer.region, zone: request.offer.zone, ...node! }
}

/** A program to its end. */
const run = async (program: string, ...args: ReadonlyArray<string>): Promise<void> => {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] })
  const code = await new Promise((done) => child.once("exit", done))
  if (code !== 0) throw new Error(`${program}: exit ${code}`)
}

const rsyncMs = async ({ rsync, to }: Ground, from: string): Promise<number> => {
  const startMs = performance.now()
  await run("rsync", "-a", ...rsync, `${from}/`, to)
  return performance.now() - startMs
}

const syncMs = async ({ cloud, ref }: Ground, from: string): Promise<number> => {
  const startMs = performance.now()
  await Effect.runPromise(
    cloud.put(
      ref,
      Effect.map(listFiles(from), (files) => ({ files, folder: "w" }))
    )
  )
  return performance.now() - startMs
}

const overSsh = async (folder: string, scope: Scope.Scope, use: (ground: Ground) => Promise<void>): Promise<void> => {
  const pair = keyPair()
  const key = join(folder, "id")
  writeFileSync(key, pair.private, { mode: 0o600 })
  const { SshMachine } = await import("../test/e2e/sshd.ts")
  const machine = await SshMachine.start([pair])
  const control = join(folder, "control")
  const ssh = ["-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-S", control]
  try {
    writeFileSync(join(folder, "ssh_node_pools.yaml"), `rack:\n  user: node\n  identity_file: ${key}\n  hosts: [${machine.address}]\n`)
    const context = await Effect.runPromise(Layer.buildWithScope(Connections.layer(), scope))
    const connections = Context.get(context, Connections)
    const cloud = await Effect.runPromise(SshCloud.make({ home: folder, agentPath, connections }))
    const ref = await provision(cloud)
    await run("ssh", ...ssh, "-fNM", `node@${machine.address}`)
    const rsync = ["-e", ["ssh", ...ssh].join(" ")]
    await use({ cloud, ref, home: machine.home, rsync, to: `node@${machine.address}:r/`, rsyncTo: join(machine.home, "r") })
    await run("ssh", ...ssh, "-q", "-O", "exit", `node@${machine.address}`)
  } finally {
    await machine.end()
  }
}

const onLocal = async (folder: string, _: Scope.Scope, use: (ground: Ground) => Promise<void>): Promise<void> => {
  const cloud = await Effect.runPromise(LocalCloud.make({ home: folder, agentPath }))
  const ref = await provision(cloud)
  const to = join(folder, "r")
  await use({ cloud, ref, home: join(folder, "nodes", ref.node, "home"), rsync: [], to, rsyncTo: to })
}

const writeSmall = (from: string) => {
  for (let i = 0; i < small; i++) {
    if (i < 100) mkdirSync(join(from, `d${i}`))
    writeFileSync(join(from, `d${i % 100}`, `f${i}.py`), Buffer.alloc(500 + ((i * 37) % 4_000), "x"))
  }
}
const writeLarge = (from: string) => writeFileSync(join(from, "large"), Buffer.alloc(largeMb * 1_000_000, "x"))

const figures = async (ground: Ground, where: string, what: string, from: string): Promise<ReadonlyArray<Figure>> => {
  const anew = (folder: string) => rmSync(folder, { recursive: true, force: true })
  const taken = await inTurns(
    {
      first: () => {
        anew(join(ground.home, "w"))
        return syncMs(ground, from)
      },
      again: () => syncMs(ground, from),
      rsyncFirst: () => {
        anew(ground.rsyncTo)
        return rsyncMs(ground, from)
      },
      rsyncAgain: () => rsyncMs(ground, from)
    },
    times
  )
  const figure = (which: string, own: number, rsync: number): Figure => ({
    what: `${what} ${where}, ${which}, over rsync`,
    value: own / rsync,
    budget: 1,
    unit: "×",
    detail: `${ms(own)}, rsync -a ${ms(rsync)}; median of ${times}`
  })
  return [figure("first", taken.first, taken.rsyncFirst), figure("unchanged", taken.again, taken.rsyncAgain)]
}

const grounds = { "by ssh": overSsh, "on local": onLocal }

export const sync: Bench = {
  name: "sync",
  run: async () => {
    if (spawnSync("rsync", ["--version"], { stdio: "ignore" }).status !== 0) {
      process.stdout.write("*** SKIPPED: sync is measured beside rsync, which is missing (apt-get install rsync) ***\n")
      return []
    }
    // It says loudly what is missing.
    const { whyNoMachines } = await import("../test/e2e/netns.ts")
    const all: Array<Figure> = []
    for (const [where, open] of Object.entries(grounds)) {
      if (where === "by ssh" && whyNoMachines !== null) continue
      const folder = mkdtempSync(join(tmpdir(), "skyd-bench-"))
      const scope = await Effect.runPromise(Scope.make())
      try {
        for (const name of ["small", "large"]) mkdirSync(join(folder, "from", name), { recursive: true })
        writeSmall(join(folder, "from/small"))
        writeLarge(join(folder, "from/large"))
        await open(folder, scope, async (ground) => {
          all.push(...(await figures(ground, where, "5,000 files", join(folder, "from/small"))))
          all.push(...(await figures(ground, where, `${largeMb} MB`, join(folder, "from/large"))))
        })
      } finally {
        await Effect.runPromise(Scope.close(scope, Exit.void))
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    }
    return all
  }
}
