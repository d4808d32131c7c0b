/**
 * A cloud that keeps its promises and nothing else: slow, moody, counting every machine, and able to stop the daemon's world at any
 * named point (`cloud.provision:after` …), which is where a crash is worst.
 */
import { Effect, type Fiber, Random } from "effect"
import { type Cloud, CloudError, type NodeRef } from "../../daemon/clouds/Cloud.ts"
import type { NoQuota } from "../../daemon/clouds/Offered.ts"
import type { ProvisionRequest } from "../../daemon/clouds/ProvisionRequest.ts"
import { unknownState } from "../../daemon/clouds/unknown-state.ts"
import type { SecretValues } from "../../daemon/home/Secrets.ts"
import { notAsked } from "../../daemon/rented/asked-no-more.ts"
import { cleanedUp } from "../../daemon/rented/cleanup.ts"
import type { SyncError } from "../../daemon/sync/SyncError.ts"
import { ClusterId, ClusterName, NodeId, type NodeToken } from "../../events/ids.ts"
import type { Offer } from "../../events/values.ts"
import { portTexts } from "../../task/ports.ts"
import { offer } from "./facts.ts"
import { SimAgent } from "./SimAgent.ts"

interface Machine {
  readonly agent: SimAgent
  readonly cluster: string
  /** Whose it is; to the credentials of another account it is not there. */
  readonly account: string | undefined
  /** Where it is. */
  readonly offer: Offer
  state: "running" | "stopped"
  reason: string | null
  down: boolean
}

const cloudCalls = ["provision", "query", "start", "stop", "terminate", "installAgent", "connectAgent", "openPorts", "put"] as const

/** Where a daemon can die: before and after all that it does to the world. */
export const points = ["log.write", ...cloudCalls.map((name) => `cloud.${name}`)].flatMap((deed) => [`${deed}:before`, `${deed}:after`])

export class SimCloud {
  readonly machines = new Map<string, Machine>()
  readonly byToken = new Map<string, ReadonlyArray<string>>()
  private readonly fallen = new Map<string, CloudError>()
  mood: "calm" | "moody" = "calm"
  /** Who the credentials are, or why that cannot be told. */
  identity: ReadonlyArray<string> | CloudError | null = null
  /** It does not say who that is, and holds who asks. */
  isIdentityHeld = false
  /** Who they are taken for, where that was asked before they were exchanged. */
  takenFor: ReadonlyArray<string> | undefined
  /** What it has, best first. */
  offered: ReadonlyArray<Offer> = [offer]
  /** Why a place gives no nodes, as it is asked; null: it does. */
  lackAt: (offer: Offer, nodes: number) => CloudError | null = () => null
  /** Why the answer of a place that did what it was asked is lost. */
  lostAt: (offer: Offer) => CloudError | null = () => null
  /** How many of a gang that is lacking are there all the same. */
  leftAt: (offer: Offer) => number = () => 0
  /** Why it cannot be used now. */
  whyNot: string | null = null
  /** Before it says what it has. */
  offersAre: Effect.Effect<void> = Effect.void
  /** Why the account can have none there; a sentence alone: in that region. */
  noQuotaAt: (offer: Offer) => string | NoQuota | null | Effect.Effect<NoQuota | null, CloudError> = () => null
  /** Calls that do what they are asked, and whose answer is lost. */
  readonly lost = new Map<string, CloudError>()
  /** Calls that fail, by name; `NAME NODE` only for that node, `clear CLOUD` only there. */
  readonly faults = new Map<string, CloudError>()
  private readonly sent = new Set<NodeToken>()
  /** Why the user's folder cannot be listed, if it cannot. */
  unreadable: SyncError | undefined
  /** The daemon's folder of secrets. */
  readonly secrets = new Map<string, SecretValues>()
  /** Of each cluster, what is open on its nodes. */
  readonly open = new Map<string, ReadonlyArray<string>>()
  /** Clusters of which nothing is kept beside their machines. */
  readonly cleared: Array<string> = []
  /** And in which clouds that was, as it was asked. */
  readonly clearedIn: Array<string> = []
  /** Every point that was reached, in order. */
  readonly reached: Array<string> = []
  /** Called at each point; a daemon that is to die there gets an effect that never ends. */
  at: (point: string) => Effect.Effect<void> = () => Effect.void
  private journals = 0
  private readonly world: { readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>; readonly nowMs: () => number }

  constructor(world: SimCloud["world"]) {
    this.world = world
  }

  readonly reach = (point: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.reached.push(point)
      return this.at(point)
    })

  private readonly slow = Effect.suspend(() =>
    this.mood === "calm" ? Effect.void : Effect.flatMap(Random.nextIntBetween(0, 3), (s) => Effect.sleep(`${s} seconds`))
  )
  private readonly moody = Effect.suspend(() =>
    this.mood === "calm"
      ? Effect.void
      : Effect.flatMap(Random.next, (roll) =>
          roll < 0.15 ? Effect.fail(new CloudError({ kind: "Transient", code: "Throttled", message: "try again later" })) : Effect.void
        )
  )

  private call<A>(name: (typeof cloudCalls)[number], work: () => A, node = ""): Effect.Effect<A, CloudError> {
    return Effect.gen({ self: this }, function* () {
      yield* this.reach(`cloud.${name}:before`)
      yield* this.moody
      const fault = this.faults.get(name) ?? this.faults.get(`${name} ${node}`)
      if (fault !== undefined) return yield* fault
      const done = work()
      const lost = this.lost.get(name)
      if (lost !== undefined) return yield* lost
      yield* this.reach(`cloud.${name}:after`)
      // It is done before the answer arrives.
      yield* this.slow
      return done
    })
  }

  /** Who ends a cluster asks for nothing more; before its disk is copied nothing was asked for. */
  private asked({ isEnding = false, isInherited = false, token }: ProvisionRequest): Effect.Effect<void, CloudError> {
    return Effect.suspend(() => {
      if (isEnding && !isInherited && !this.sent.has(token)) return Effect.fail(notAsked("nothing was asked for yet"))
      if (this.faults.get("provision")?.code !== "DiskBeingCopied") this.sent.add(token)
      return Effect.void
    })
  }

  /** A moody place may have none left, unless it has given already. */
  private hasRoom(hasGiven: () => boolean): Effect.Effect<void, CloudError> {
    return Effect.gen({ self: this }, function* () {
      const refuses = this.mood === "moody" && !hasGiven() && (yield* Random.next) < 0.15
      yield* this.slow
      if (refuses && !hasGiven())
        return yield* new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" })
    })
  }

  private get account() {
    return this.identity instanceof CloudError ? undefined : this.identity?.at(-1)
  }

  /** As these credentials see it. */
  private seen(node: string) {
    const machine = this.machines.get(node)
    return machine?.account === this.account ? machine : undefined
  }

  private start(node: string, rank: number) {
    const machine = this.machines.get(node)
    machine?.agent.starts()
    if (machine?.state === "stopped") {
      Object.assign(machine, { state: "running", reason: null })
      machine.agent.autostop.boot()
    }
    return { address: `127.0.1.${rank + 1}` }
  }

  private openPorts(cluster: string, ports: ReadonlyArray<string>) {
    this.open.set(cluster, portTexts([...(this.open.get(cluster) ?? []), ...ports]))
  }

  private provision({ machine, offer, ranks, tags, token }: ProvisionRequest) {
    const known = this.byToken.get(token)
    if (machine?.ports !== undefined) this.openPorts(tags.cluster, machine.ports)
    const nodes = known ?? ranks.map((rank) => `${token}-${rank}`)
    if (known === undefined) {
      this.byToken.set(token, nodes)
      for (const [i, node] of nodes.entries()) {
        const agent = new SimAgent(
          { node, cluster: tags.cluster, rank: ranks[i]!, journalId: `01HZZZZZZZZZZZZZZZ${String(++this.journals).padStart(8, "0")}` },
          { ...this.world, leave: (down) => this.leave(tags.cluster, down) }
        )
        this.machines.set(node, { agent, cluster: tags.cluster, account: this.account, offer, state: "running", reason: null, down: false })
      }
    }
    return nodes.map((node, i) => ({
      rank: ranks[i]!,
      node: NodeId.make(node),
      address: `127.0.1.${ranks[i]! + 1}`,
      host: `vm-${node}`,
      hostKey: null
    }))
  }

  /** Some of them end as they begin: what is said of that is said again. */
  private fallShort(request: ProvisionRequest, { code, message, ...more }: CloudError) {
    const most = more.kind === "Refused" ? this.leftAt(request.offer) : 0
    const ranks = request.ranks.slice(0, Math.min(most, request.ranks.length - 1))
    if (ranks.length === 0) return new CloudError({ ...more, code, message })
    const short = new CloudError({ ...more, code, message, left: this.provision({ ...request, ranks }) })
    this.fallen.set(request.token, short)
    return short
  }

  /** The head ends all nodes of its cluster: it was idle. */
  private leave(cluster: string, down: boolean): void {
    for (const [node, machine] of this.machines) {
      if (machine.cluster !== cluster) continue
      this.halt(node, "it was idle")
      machine.down = down
    }
  }

  /** The machine ends: jobs of it end too. */
  halt(node: string, reason: string | null): void {
    const machine = this.machines.get(node)
    if (machine === undefined) return
    machine.agent.endAll("FAILED", "the machine ended")
    machine.agent.die()
    machine.state = "stopped"
    machine.reason = reason
  }

  private clear(cloud: string, cluster: string): Effect.Effect<void, CloudError> {
    return Effect.suspend(() => {
      const fault = this.faults.get("clear") ?? this.faults.get(`clear ${cloud}`)
      if (fault !== undefined) return Effect.fail(fault)
      this.cleared.push(cluster)
      this.clearedIn.push(cloud)
      this.open.delete(cluster)
      return Effect.void
    })
  }

  readonly cloud: Cloud = {
    name: "local",
    lackOf: (feature, { useSpot }) => (feature === "STOP" && useSpot ? "spot machines end when they stop" : null),
    identity: Effect.suspend(() => (this.takenFor === undefined ? this.cloud.identityNow! : Effect.succeed(this.takenFor))),
    identityNow: Effect.suspend(() => {
      if (this.isIdentityHeld) return Effect.never
      this.takenFor = undefined
      return this.identity instanceof CloudError ? Effect.fail(this.identity) : Effect.succeed(this.identity)
    }),
    offers: () => Effect.sync(() => ({ offers: this.offered, reason: null })),
    provision: cleanedUp({
      provision: (request) =>
        Effect.andThen(
          this.asked(request),
          Effect.andThen(
            this.hasRoom(() => this.byToken.has(request.token)),
            Effect.flatMap(
              this.call("provision", () => {
                const known = this.fallen.get(request.token)
                if (known !== undefined) return known
                const lack = this.byToken.has(request.token) ? null : this.lackAt(request.offer, request.ranks.length)
                const given = lack === null ? this.provision(request) : this.fallShort(request, lack)
                return this.lostAt(request.offer) ?? given
              }),
              (given) => (given instanceof CloudError ? Effect.fail(given) : Effect.succeed(given))
            )
          )
        ),
      removeCopies: () => Effect.void
    }),
    whyNot: Effect.sync(() => this.whyNot),
    noQuota: (offer) =>
      Effect.suspend(() => {
        const why = this.noQuotaAt(offer)
        if (Effect.isEffect(why)) return why
        return Effect.succeed(typeof why === "string" ? { message: why, scope: "region" } : why)
      }),
    query: (nodes) =>
      this.call("query", () =>
        nodes.map((ref) => {
          const { node, rank } = ref
          const fault = this.faults.get(`query ${node}`)
          if (fault !== undefined) return unknownState(ref, fault.message)
          const machine = this.seen(node)
          const state = machine?.state ?? "missing"
          return { rank, node, state, address: null, reason: machine?.reason ?? null, down: machine?.down ?? false }
        })
      ),
    owned: (log) =>
      Effect.sync(() => {
        const place = { region: null, zone: null, address: null, host: null, hostKey: null }
        const own = [...this.machines].filter(([node]) => this.seen(node) !== undefined)
        const owned = own.map(([node, { cluster, state }]) => {
          const tags = { log: log ?? "", cluster: ClusterId.make(cluster), clusterName: ClusterName.make("a") }
          return { tags, rank: Number(node.split("-").at(-1)), node: NodeId.make(node), ...place, state }
        })
        return { owned, unclear: [] }
      }),
    endsItself: () =>
      Effect.suspend(() => {
        const fault = this.faults.get("endsItself")
        return fault === undefined ? Effect.void : Effect.fail(fault)
      }),
    start: ({ node, rank }) =>
      Effect.andThen(
        this.hasRoom(() => this.machines.get(node)?.state !== "stopped"),
        this.call("start", () => this.start(node, rank), node)
      ),
    stop: ({ node }) => this.call("stop", () => this.seen(node) && this.halt(node, null), node),
    terminate: ({ node }) =>
      this.call(
        "terminate",
        () => {
          if (this.seen(node) === undefined) return
          this.halt(node, null)
          this.machines.delete(node)
        },
        node
      ),
    clear: ({ cluster }) => this.clear("local", cluster),
    installAgent: (node) =>
      Effect.flatMap(
        this.call("installAgent", () => this.machines.get(node.node), node.node),
        (machine) => {
          if (machine === undefined || machine.state !== "running") return Effect.fail(this.absent(node))
          machine.agent.alive = true
          return Effect.succeed({ rank: node.rank, node: node.node, address: `127.0.1.${node.rank + 1}`, socket: "" })
        }
      ),
    connectAgent: (node) =>
      Effect.flatMap(
        this.call("connectAgent", () => this.machines.get(node.node)),
        (machine) =>
          machine?.state === "running" && machine.agent.alive ? Effect.succeed(machine.agent.connect()) : Effect.fail(this.absent(node))
      ),
    journalAtRest: ({ node }) =>
      Effect.sync(() => {
        const agent = this.machines.get(node)?.agent
        return agent === undefined ? null : { journal: agent.journalId, entries: agent.journal }
      }),
    openedPorts: ({ cluster }) =>
      Effect.suspend(() => {
        const fault = this.faults.get("openedPorts")
        return fault === undefined ? Effect.succeed(this.open.get(cluster) ?? []) : Effect.fail(fault)
      }),
    openPorts: (nodes, ports) => this.call("openPorts", () => this.openPorts(nodes[0]!.tags.cluster, ports)),
    put: () => this.call("put", () => undefined)
  }

  /** A cloud of each name that is offered; they are all made of this one. */
  get clouds(): ReadonlyArray<Cloud> {
    const names = new Set(this.offered.map(({ cloud }) => cloud))
    const offersOf = (name: string) =>
      Effect.map(
        Effect.suspend(() => this.offersAre),
        () => ({ offers: this.offered.filter(({ cloud }) => cloud === name), reason: null })
      )
    return [...names].map((name) => ({
      ...this.cloud,
      name,
      offers: () => offersOf(name),
      clear: ({ cluster }) => this.clear(name, cluster)
    }))
  }

  private absent({ node }: NodeRef) {
    return new CloudError({ kind: "Transient", code: "NoAnswer", message: `nobody answers on ${node}` })
  }
}
