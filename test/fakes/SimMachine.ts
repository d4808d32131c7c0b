/**
 * A machine of a pool as the simulation has it: what `machine/` promises of one that is had alone, with agents of the simulation. It can
 * lose its link and its power, and have no room left.
 */
import type { Duplex } from "node:stream"
import type { Effect, Fiber } from "effect"
import { MachineError, refused, transient } from "../../machine/MachineError.ts"
import type { Claim, MachineMethod, NodeRef } from "../../machine/shapes.ts"
import type { NodeIdentity } from "../../sdk/agent/node-folder.ts"
import { SimAgent } from "./SimAgent.ts"

export interface SimNode {
  readonly identity: NodeIdentity
  readonly agent: SimAgent
  ended: "Down" | null
}

export interface InWorld {
  readonly inWorld: <A>(work: Effect.Effect<A>) => Fiber.Fiber<A>
  readonly nowMs: () => number
  /** A journal's id that no other has. */
  readonly journalId: () => string
  /** The head of a cluster ends all of its nodes that it reaches. */
  readonly leave: (cluster: string, head: SimMachine) => void
}

/** Where another log has it: nothing that we do changes that. */
export const strangers = "a-stranger's-node"

export class SimMachine {
  readonly host: string
  isUp = true
  isCut = false
  isFull = false
  hostKey: string
  /** As it was when it was last had: by another it is not known again. */
  knownKey: string
  /** The node that has it. */
  lease: string | null = null
  readonly nodes = new Map<string, SimNode>()
  private readonly streams = new Set<Duplex>()
  private readonly world: InWorld

  constructor(host: string, world: InWorld) {
    this.host = host
    this.hostKey = `ssh-ed25519 ${host}`
    this.knownKey = this.hostKey
    this.world = world
  }

  get isReached(): boolean {
    return this.isUp && !this.isCut
  }

  /** Connections to it end, whatever they are for. */
  breakAll(): void {
    for (const stream of this.streams) stream.destroy()
    this.streams.clear()
  }
  keep(stream: Duplex): Duplex {
    this.streams.add(stream)
    return stream
  }

  powerOff(): void {
    this.isUp = false
    this.breakAll()
    for (const { agent } of this.nodes.values()) {
      agent.die()
      agent.endAll("FAILED", "the machine was restarted")
    }
  }

  /** A node ends itself: what it holds of the machine is given back, its folder stays. */
  leave(cluster: string): void {
    for (const [id, node] of this.nodes) {
      if (node.identity.cluster !== cluster || node.ended !== null) continue
      node.agent.endAll("FAILED", "the node ended")
      node.agent.die()
      node.ended = "Down"
      this.giveBack(id)
    }
  }

  private giveBack(node: string): void {
    if (this.lease !== node) return
    this.lease = null
    // Who had it before knows it by this one.
    this.hostKey = this.knownKey
  }

  /** What `agent.cjs machine` answers. */
  answer(method: MachineMethod, params: Record<string, unknown>): object {
    try {
      return { ok: this.perform(method, params) }
    } catch (error) {
      if (!(error instanceof MachineError)) throw error
      const { code, kind, message } = error
      return { error: { kind, code, message } }
    }
  }

  private perform(method: MachineMethod, params: Record<string, unknown>): unknown {
    const ref = params as unknown as NodeRef
    switch (method) {
      case "provision":
        return this.provision(params as unknown as Claim)
      case "query":
        return (params["nodes"] as ReadonlyArray<NodeRef>).map((node) => this.query(node))
      case "start": {
        if (this.find(ref).ended === "Down") throw refused("Ended", `Node ${ref.node} ended itself for good: it can only be taken down.`)
        return { address: this.host }
      }
      case "terminate":
        this.terminate(ref)
        return {}
      case "installAgent":
        if (this.running(ref).agent.alive === false) this.takesNoMore()
        this.running(ref).agent.alive = true
        return { rank: ref.rank, node: ref.node, address: this.host, socket: "" }
      case "headKey":
        return { publicKey: `ssh-ed25519 ${ref.node}` }
      case "letIn":
        this.running(ref)
        return {}
      case "journalAtRest": {
        const { agent } = this.find(ref)
        return { journal: agent.journalId, entries: agent.journal }
      }
      default:
        throw new Error(`nobody asks a machine of a pool for ${method}`)
    }
  }

  private takesNoMore(): void {
    if (this.isFull) throw transient("ENOSPC", "no space left on device")
  }

  private provision({ offer, ranks, tags, token }: Claim) {
    return ranks.map(({ address, rank }) => {
      const node = `${token}-${rank}`
      if (this.nodes.has(node)) {
        if (this.lease !== node) throw refused("Ended", `Node ${node} was ended and does not come back: ask under a new token.`)
        return { rank, node, address }
      }
      this.takesNoMore()
      if (this.lease !== null && this.lease !== node) throw refused("Taken", `The machine is taken by node ${this.lease}.`)
      this.lease = node
      const identity = { ...tags, ...offer, token, node, rank, address, socket: node, environment: {} }
      const agent = new SimAgent(
        { node, cluster: tags.cluster, rank, journalId: this.world.journalId() },
        { ...this.world, leave: () => this.world.leave(tags.cluster, this) }
      )
      this.nodes.set(node, { identity, agent, ended: null })
      return { rank, node, address }
    })
  }

  private query({ node, rank }: NodeRef) {
    const found = this.nodes.get(node)
    if (found === undefined) this.giveBack(node)
    const state = found === undefined ? "missing" : found.ended === null ? "running" : "stopped"
    const reason = { running: null, missing: "its folder does not exist", stopped: "stopped by autostop" }[state]
    return { rank, node, state, address: this.host, reason, down: found?.ended === "Down" }
  }

  private terminate({ node }: NodeRef): void {
    const found = this.nodes.get(node)
    if (found !== undefined && found.ended === null) {
      found.agent.endAll("FAILED", "the node ended")
      found.agent.die()
    }
    this.giveBack(node)
    this.nodes.delete(node)
  }

  private find({ node }: NodeRef): SimNode {
    const found = this.nodes.get(node)
    if (found === undefined) throw refused("Missing", `Node ${node} does not exist: its folder is gone.`)
    return found
  }

  private running(ref: NodeRef): SimNode {
    const found = this.find(ref)
    if (found.ended !== null)
      throw refused(
        "Stopped",
        `Node ${ref.node} is off (stopped), and its cloud has not said yet what becomes of it; it is looked at again`
      )
    return found
  }
}
