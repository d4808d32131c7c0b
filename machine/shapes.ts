/**
 * What a machine is asked, and what it answers: plain JSON, because most machines are elsewhere. Of a cloud the same is asked
 * (`daemon/clouds/Cloud.ts`).
 */
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"
import type { JournalEntry, Peer } from "../sdk/agent/protocol.ts"

export interface Tags {
  readonly log: string
  readonly cluster: string
  readonly clusterName: string
}

export interface NodeRef {
  readonly tags: Tags
  readonly rank: number
  readonly node: string
}

export interface Claim {
  readonly tags: Tags
  readonly token: string
  readonly ranks: ReadonlyArray<{ readonly rank: number; readonly address: string }>
  readonly offer: Pick<NodeIdentity, "cloud" | "region" | "zone" | "cpus" | "memoryGib" | "accelerators">
  /** As in `NodeIdentity`. */
  readonly home?: string
  readonly survivesReboot?: boolean
  readonly powersOff?: boolean
  readonly stateFolder?: string
  readonly machine?: string
  /** The machine is had alone, whoever's logs its nodes are of: only where no other node has its lease. */
  readonly exclusive?: boolean
}

export interface Provisioned {
  readonly rank: number
  readonly node: string
  readonly address: string
}

export interface NodeState {
  readonly rank: number
  readonly node: string
  readonly state: "running" | "stopped" | "missing" | "unknown"
  readonly address: string | null
  /** Why it is not running, in words for people. */
  readonly reason: string | null
  /** The machine ended itself for good when idle, and waits for the daemon to sweep it. */
  readonly down: boolean
}

export interface Owned extends NodeRef {
  readonly region: string | null
  readonly state: "running" | "stopped"
}

export interface Holdings {
  readonly owned: ReadonlyArray<Owned>
  /** What is there and cannot be told: a sentence each, without its full stop. */
  readonly unclear: ReadonlyArray<string>
}

export interface JournalAtRest {
  readonly journal: string
  readonly entries: ReadonlyArray<JournalEntry>
}

/** method → [params, result]. */
export interface MachineMethods {
  readonly provision: [Claim, ReadonlyArray<Provisioned>]
  readonly query: [{ readonly nodes: ReadonlyArray<NodeRef> }, ReadonlyArray<NodeState>]
  readonly owned: [{ readonly log: string | null }, Holdings]
  /** `anew`: the machine itself was stopped since; what it has of before is over. */
  readonly start: [NodeRef & { readonly anew?: boolean }, { readonly address: string }]
  readonly stop: [NodeRef, object]
  readonly terminate: [NodeRef, object]
  /** `comesBack`: it is started again with the machine, where that can be had. `seenAt`: its address for others, as it is now. */
  readonly installAgent: [NodeRef & { readonly comesBack?: boolean; readonly seenAt?: string }, Peer]
  /** Where the agent of a node that runs listens, from the root on. */
  readonly agentSocket: [NodeRef, { readonly socket: string }]
  /** The HOME of its jobs, and where files may be made before they are renamed into it: on the same disk, and out of their way. */
  readonly homeFolder: [NodeRef, { readonly home: string; readonly staging: string }]
  /** The public half of the key by which the node reaches its workers; it is made when it is asked for first. Head only. */
  readonly headKey: [NodeRef, { readonly publicKey: string }]
  /**
   * From now on who has this key reaches the node's agent, and nothing else here, as this user over ssh; one key at a time, until
   * `terminate`.
   */
  readonly letIn: [NodeRef & { readonly publicKey: string }, object]
  readonly journalAtRest: [NodeRef, JournalAtRest | null]
  /** Removes what crashes before this call had left. */
  readonly sweep: [object, object]
}

export type MachineMethod = keyof MachineMethods

export type Machine = {
  readonly [M in MachineMethod]: (params: MachineMethods[M][0], signal: AbortSignal) => Promise<MachineMethods[M][1]>
}
