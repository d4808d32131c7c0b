/** The shapes of what an agent remembers: the records of agent/records.jsonl, and the state that they fold to. Types only. */
import type { JobSpec, JournalFact, Peer, SetupSpec } from "../sdk/agent/protocol.ts"
import type { Setting } from "./idleness.ts"
import type { Capacity, Placed } from "./scheduler.ts"

export type JobEnded = Extract<JournalFact, { readonly _tag: "JobEnded" }>
export type SetupEnded = Extract<JournalFact, { readonly _tag: "SetupEnded" }>

interface Ending {
  readonly status: "CANCELLED" | "FAILED"
  readonly reason: string | null
}
interface Failing {
  readonly rank: number
  readonly code: number
  readonly reason: string | null
}
/** A spec without the values of its secrets. */
export type Kept<Spec> = Spec & {
  /** Absent in what older agents wrote. */
  readonly hasSecrets?: boolean
}
export interface Job {
  readonly spec: Kept<JobSpec>
  placement: ReadonlyArray<Placed> | null
  ending: Ending | null
  failing: Failing | null
  settingUp: boolean
  pids: ReadonlyArray<number> | null
}
export interface Setup {
  readonly spec: Kept<SetupSpec>
  ending: string | null
}
interface EndedJob {
  readonly spec: Pick<JobSpec, "id" | "name" | "runTimestamp"> & { readonly setup: boolean; readonly numNodes?: number }
  readonly placement: ReadonlyArray<Placed>
  readonly pids: ReadonlyArray<number>
  readonly setupPids: ReadonlyArray<number>
  readonly fact: JobEnded
}
interface EndedSetup {
  readonly runTimestamp: string
  readonly setupPids: ReadonlyArray<number>
  readonly fact: SetupEnded
}
interface PlannedRank {
  readonly key: string
  readonly rank: number
  ending: boolean
}

export type Record =
  | { readonly type: "state"; readonly state: State }
  | {
      readonly type: "started"
      readonly marker: string
      readonly boot: string
      /** Absent in what older agents wrote. */
      readonly atMs?: number
      readonly entry?: number
    }
  | { readonly type: "exited" }
  | { readonly type: "heeded"; readonly head: string }
  | { readonly type: "halted" }
  | { readonly type: "resumed" }
  | { readonly type: "peers"; readonly peers: ReadonlyArray<Peer> }
  | { readonly type: "capacity"; readonly rank: number; readonly capacity: Capacity }
  | { readonly type: "submitted"; readonly jobs: ReadonlyArray<Kept<JobSpec>> }
  | { readonly type: "placed"; readonly job: number; readonly placement: ReadonlyArray<Placed> }
  | { readonly type: "ending"; readonly jobs: ReadonlyArray<number>; readonly ending: Ending }
  | { readonly type: "failing"; readonly job: number; readonly failing: Failing }
  | { readonly type: "setup"; readonly spec: Kept<SetupSpec> }
  | { readonly type: "endingSetup"; readonly operations: ReadonlyArray<string>; readonly reason: string }
  | { readonly type: "told"; readonly fact: JournalFact; readonly setupPids?: ReadonlyArray<number> }
  | { readonly type: "planned"; readonly key: string; readonly rank: number; readonly ending: boolean }
  | { readonly type: "endingRank"; readonly key: string; readonly rank: number }
  | { readonly type: "forgotten"; readonly key: string; readonly rank: number }
  | { readonly type: "autostop"; readonly setting: Setting; readonly idleSinceMs: number; readonly boot: string }
  | { readonly type: "active"; readonly idleSinceMs: number; readonly boot: string }

export interface State {
  cluster: string
  node: string
  marker: string | null
  boot: string | null
  /** When the node was started, on the clock of `boot`: an agent's restart is none. */
  startedMs: number
  /** The journal's last entry then. */
  startedEntry: number
  halted: boolean
  exited: boolean
  /** AutostopFired is in the journal, and the node has not been started since. */
  fired: boolean
  peers: ReadonlyArray<Peer>
  capacities: { [rank: number]: Capacity }
  /** Ids ever taken, as sorted ranges [first, last]. */
  taken: Array<[number, number]>
  jobs: { [id: number]: Job }
  setups: { [operation: string]: Setup }
  endedJobs: { [id: number]: EndedJob }
  endedSetups: { [operation: string]: EndedSetup }
  ranks: { [key: string]: PlannedRank }
  /** The journal of the head that gave their orders. Null: none did yet, or an older agent kept no note of it. */
  head: string | null
  setting: Setting | null
  /** On the clock of `idleBoot`. */
  idleSinceMs: number
  idleBoot: string | null
}
