/**
 * A world whose cloud is the real ssh cloud, over simulated connections to simulated machines: what each of them has suffered, and who else
 * has one, is the test's to say.
 */
import { Effect, type Fiber } from "effect"
import type { Cloud } from "../../daemon/clouds/Cloud.ts"
import type { PoolMachine } from "../../daemon/clouds/ssh/PoolMachine.ts"
import * as SshCloud from "../../daemon/clouds/ssh/SshCloud.ts"
import type { SecretValues } from "../../daemon/home/Secrets.ts"
import { lookAt } from "../../daemon/remote/bootstrap.ts"
import type { SyncError } from "../../daemon/sync/SyncError.ts"
import { simConnections } from "./SimConnections.ts"
import { SimMachine, strangers } from "./SimMachine.ts"
import { targetAt } from "./ssh-keys.ts"

const pool = "rack"
/** Found dead by then. */
const deadSeconds = 12

export class SimPool {
  readonly pool: ReadonlyArray<SimMachine>
  mood: "calm" | "moody" = "calm"
  readonly secrets = new Map<string, SecretValues>()
  unreadable: SyncError | undefined
  readonly reached: Array<string> = []
  at: (point: string) => Effect.Effect<void> = () => Effect.void
  /** Called when something was done on a machine, before its answer is on its way. */
  done: (name: string, machine: SimMachine) => void = () => undefined
  private readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>
  private journals = 0

  constructor(count: number, world: { readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>; readonly nowMs: () => number }) {
    this.inWorld = world.inWorld
    const within = {
      ...world,
      journalId: () => `01HZZZZZZZZZZZZZZZ${String(++this.journals).padStart(8, "0")}`,
      leave: (cluster: string, head: SimMachine) => {
        for (const machine of this.pool) if (machine === head || machine.isReached) machine.leave(cluster)
      }
    }
    this.pool = Array.from({ length: count }, (_, i) => new SimMachine(`10.0.0.${i + 11}`, within))
  }

  /** Of all logs that this daemon may have had, and no stranger's. */
  get machines() {
    return new Map(
      this.pool.flatMap(({ nodes }) =>
        [...nodes].map(
          ([id, { agent, ended }]) => [id, { agent, state: ended === null ? ("running" as const) : ("stopped" as const) }] as const
        )
      )
    )
  }

  readonly reach = (point: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.reached.push(point)
      return this.at(point)
    })

  /** What is connected notices after a while. */
  cut(machine: SimMachine): void {
    machine.isCut = true
    this.inWorld(
      Effect.delay(
        Effect.sync(() => machine.isCut && machine.breakAll()),
        `${deadSeconds} seconds`
      )
    )
  }

  /** Another log's cluster has it, or has it no more. */
  takeByStrangers(machine: SimMachine): void {
    machine.lease ??= strangers
  }
  leaveByStrangers(machine: SimMachine): void {
    if (machine.lease === strangers) machine.lease = null
  }

  /** A daemon's, which knows nothing of the one before. */
  get cloud(): Effect.Effect<Cloud> {
    const machines = this.pool.map(({ host }): PoolMachine => ({ pool, host, name: host, login: {}, nodeMirror: null }))
    const known = { file: "/sim/ssh_node_pools.yaml", pools: new Map([[pool, machines]]), faults: new Map(), warning: null }
    const connections = simConnections({
      isMoody: () => this.mood === "moody",
      machine: (host) => this.pool.find((machine) => machine.host === host)!,
      reach: this.reach,
      done: (name, machine) => this.done(name, machine)
    })
    return SshCloud.over({
      home: "/sim",
      connections,
      pools: async () => known,
      resolve: async (name) => targetAt({ name, host: name, hostKey: null }),
      folder: {
        id: Effect.succeed("sim"),
        take: () => Effect.succeed("sim"),
        letGo: () => Effect.void,
        seenFree: () => Effect.void,
        hasTaken: () => Effect.succeed(true)
      },
      lookAt: (target) => lookAt(connections, target, null),
      bring: (_, { host }) => Effect.succeed(this.ready(host))
    })
  }

  private ready(host: string) {
    const base = "/home/node/.skyd-node"
    const ground = {
      home: "/home/node",
      user: "node",
      machine: host,
      os: "linux",
      arch: "x64",
      address: host,
      port: 22,
      otherAddresses: [],
      cpus: 4,
      memoryGib: 8,
      accelerators: null,
      trouble: null,
      kernel: host,
      tenants: [],
      useless: null,
      warnings: [],
      libc: null,
      packing: "plain" as const
    }
    return {
      ground: { ...ground, lease: null, isEnded: false, node: "/usr/bin/node", nodeVersion: "v24.0.0", hasAgent: true },
      node: "/usr/bin/node",
      agent: `${base}/agent/0.cjs`,
      base
    }
  }
}
