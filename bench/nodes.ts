/** Fifty machines that have nothing of ours yet, made nodes of one cluster at once: how long it takes, and what it costs this side. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ulid } from "ulid"
import type { NodeRef } from "../daemon/clouds/Cloud.ts"
import * as SshCloud from "../daemon/clouds/ssh/SshCloud.ts"
import { Connections } from "../daemon/remote/Connections.ts"
import { ClusterId, ClusterName, NodeToken } from "../events/ids.ts"
import { keyPair } from "../test/fakes/ssh-keys.ts"
import { type Bench, floorMs, median, ms, node } from "./measure.ts"

const agentPath = resolve(import.meta.dirname, "../dist/agent.cjs")
const count = 50

/** The servers' own work is not ours to measure: they are another process. */
const startMachines = async (key: string) => {
  const child = spawn(node, [join(import.meta.dirname, "many-machines.ts"), String(count), key], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value as string)
  const hosts = (await next()) as ReadonlyArray<{ readonly address: string; readonly port: number }>
  const connections = async (): Promise<number> => {
    child.stdin.write("connections\n")
    return ((await next()) as ReadonlyArray<number>).reduce((sum, each) => sum + each, 0)
  }
  return { hosts, connections, end: () => child.stdin.end() }
}

const bootstrapAll = (home: string, whenThere: () => void) =>
  Effect.gen(function* () {
    const connections = Context.get(yield* Layer.build(Connections.layer()), Connections)
    const cloud = yield* SshCloud.make({ home, agentPath, connections })
    const [offer] = (yield* cloud.offers({})).offers
    const tags = { log: ulid(), cluster: ClusterId.make(ulid()), clusterName: ClusterName.make("many") }
    const ranks = Array.from({ length: count }, (_, rank) => rank)
    const nodes = yield* cloud.provision({ tags, token: NodeToken.make(ulid()), ranks, offer: offer! })
    const refs = nodes.map((made): NodeRef => ({ tags, region: offer!.region, zone: null, ...made }))
    yield* Effect.forEach(refs, cloud.installAgent, { concurrency: "unbounded", discard: true })
    whenThere()
    yield* Effect.forEach(refs, cloud.terminate, { concurrency: "unbounded", discard: true })
  }).pipe(Effect.scoped, Effect.runPromise)

const mib = (bytes: number) => bytes / 1024 ** 2

export const nodes: Bench = {
  name: "nodes",
  run: async () => {
    const home = mkdtempSync(join(tmpdir(), "skyd-bench-"))
    const pair = keyPair()
    const machines = await startMachines(pair.public)
    try {
      writeFileSync(join(home, "id"), pair.private, { mode: 0o600 })
      const hosts = machines.hosts.map(({ address, port }) => `    - {ip: ${address}, ssh_port: ${port}}\n`).join("")
      writeFileSync(join(home, "ssh_node_pools.yaml"), `rack:\n  identity_file: ${join(home, "id")}\n  hosts:\n${hosts}`)
      const floor = median([floorMs(), floorMs(), floorMs()])
      const before = process.memoryUsage.rss()
      const startMs = performance.now()
      let [tookMs, after] = [0, 0]
      await bootstrapAll(home, () => {
        tookMs = performance.now() - startMs
        after = process.memoryUsage.rss()
      })
      const connections = await machines.connections()
      const what = `${count} nodes bootstrapped at once`
      return [
        {
          what: `${what}, a node`,
          value: tookMs / count / floor,
          budget: 5,
          unit: "×",
          detail: `${ms(tookMs)} for all, node -e 0 ${ms(floor)}: each starts Node three times`
        },
        { what: `${what}, memory`, value: mib(after - before), budget: 150, unit: "MiB", detail: "of this side, more than before" },
        { what: `${what}, connections`, value: connections, budget: count, unit: "", detail: "one for each, and kept" }
      ]
    } finally {
      machines.end()
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
