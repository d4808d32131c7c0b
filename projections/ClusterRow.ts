/**
 * One live cluster. What is *wanted* stands apart from what *exists*; status is computed from the two (`cluster-status.ts`),
 * never stored, so no order of events can leave a machine behind a status that has forgotten it.
 */
import type { ClusterId, ClusterName, JournalId, NodeId, NodeToken, OperationId, Seq } from "../events/ids.ts"
import type { JobCancelRequested } from "../events/job.ts"
import type { ExecRequested, LaunchRequested, StartRequested } from "../events/launch.ts"
import type { SetupEnded } from "../events/setup.ts"
import type { CredentialFault, MachineWish, Offer, RefusalScope, RefusalWant } from "../events/values.ts"

export interface NodeRow {
  readonly rank: number
  readonly node: NodeId
  readonly token: NodeToken
  readonly address: string
  /** What its owner or its cloud calls the machine, and the only key that it may show; null where a node is no machine of its own. */
  readonly host: string | null
  readonly hostKey: string | null
  /** `starting`: it was told to, and may run. */
  readonly state: "running" | "starting" | "stopped"
  /** Its cloud says that it does not run, and has not said yet whether that was its end. */
  readonly off?: boolean
  /** A purge called it stopped without its cloud's word: it may run, until that is seen. */
  readonly unconfirmed?: boolean
  /** Its agent answered since the node last started. */
  readonly ready: boolean
  /** Why it is not running or not ready. */
  readonly reason: string | null
  /** When the daemon last learned that. */
  readonly sinceMs: number
}

/** A cloud call whose outcome is not known yet. Settled before anything else: an unknown machine cannot be released. */
export interface PendingToken {
  readonly token: NodeToken
  readonly ranks: ReadonlyArray<number>
  readonly offer: Offer
  readonly machine: MachineWish
  readonly sinceMs: number
}

export interface AskedRegion {
  readonly cloud: string
  readonly region: string | null
  /** Who the credentials were there, as in `ClusterRow`. */
  readonly owner: ReadonlyArray<string> | null
  /** The search has left it, and what was made there could not be removed then. */
  readonly isLeft: boolean
}

/** A place that gave nothing. */
export interface Refusal {
  readonly offer: Offer
  readonly code: string
  readonly message: string
  readonly scope: RefusalScope
  /** Of the place as such, whatever machine is asked of it. */
  readonly anyKind: boolean
  readonly want: RefusalWant | null
  /** Who the credentials were there, as in `ClusterRow`. */
  readonly owner: ReadonlyArray<string> | null
}

/** An operation that works, or waits to work, on this cluster. Steps that are done are facts of it, so a crash resumes at the step. */
export interface ActiveOperation {
  readonly id: OperationId
  readonly method: string
  readonly seq: Seq
  /** Who asked for it. */
  readonly user: string | null
  readonly sinceMs: number
  readonly request:
    | typeof LaunchRequested.Type
    | typeof StartRequested.Type
    | typeof ExecRequested.Type
    | typeof JobCancelRequested.Type
    | null
  /** Nodes whose agent was looked after by this operation. */
  readonly readyRanks: ReadonlyArray<number>
  readonly synced: boolean
  readonly mounted: boolean
  readonly setup: "none" | "running" | typeof SetupEnded.Type
  readonly setupSinceMs: number
}

export interface ClusterRow {
  readonly id: ClusterId
  readonly name: ClusterName
  /** Whose tags its machines carry, where that is not this log: it was adopted. */
  readonly log: string | null
  readonly createdSeq: Seq
  readonly createdAtMs: number
  readonly launchedAtMs: number
  readonly lastUse: string
  readonly wanted: "up" | "stopped" | "gone"
  /** Why it is wanted so, when nobody asked: "idle for 10 minutes". */
  readonly wantedReason: string | null
  readonly wantedSinceMs: number
  /** What is wanted (stopped) is so, and was said so. */
  readonly concluded: boolean
  readonly purge: boolean
  readonly everUp: boolean
  readonly numNodes: number
  readonly offer: Offer | null
  /** What its machines were asked to be. */
  readonly machine: MachineWish
  /** The size of their disks, where they came with another than was asked for. */
  readonly cameGib: number | null
  /**
   * Where machines were asked for, whatever came of that, the last one last: what was made for them there may be left. A search goes on in
   * another cloud once that is removed, or is known to be left.
   */
  readonly asked: ReadonlyArray<AskedRegion>
  /** Some launch on it asked for ports, or it was adopted: they may be open although no fact says so, where that was cut short. */
  readonly asksPorts: boolean
  /** Ports of launches that ended before their cloud had answered: they may be open. `operation`: the last of these. */
  readonly portsInDoubt: { readonly operation: OperationId; readonly ports: ReadonlyArray<string> } | null
  /** Who launched it, as its cloud names them; null where a cloud has no names. */
  readonly owner: ReadonlyArray<string> | null
  readonly pending: ReadonlyArray<PendingToken>
  /** The last refusal of what is wanted; what to do about it is the plan's business. */
  readonly refused:
    | (Pick<Refusal, "code" | "message" | "scope" | "want"> & {
        readonly times: number
        /** What is wrong with these, where it refused for that. */
        readonly credentials: CredentialFault | null
      })
    | null
  /** The search for a first place: what gave nothing in this round, and how many rounds came to nothing. */
  readonly refusals: ReadonlyArray<Refusal>
  readonly rounds: number
  /** What gave nothing in the round before. */
  readonly refusedBefore: ReadonlyArray<Refusal>
  /** Until when the next round waits, and why. */
  readonly waiting: { readonly message: string; readonly sinceMs: number; readonly retryAtMs: number } | null
  /** By rank. */
  readonly nodes: ReadonlyArray<NodeRow>
  /** Nodes that went without anybody's asking here, and why: as long as no other has taken their place. */
  readonly lost: ReadonlyArray<Pick<NodeRow, "rank" | "node" | "reason">>
  /** The head's journal and the last entry of it that the log holds. */
  readonly journal: { readonly id: JournalId; readonly last: number } | null
  /** The last setting; negative minutes when it was cancelled. */
  readonly autostop: { readonly setting: Seq; readonly idleMinutes: number; readonly down: boolean } | null
  /** The setting that the head's agent holds. */
  readonly armed: Seq
  /** What that one is; negative minutes for none. */
  readonly inForce: { readonly idleMinutes: number; readonly down: boolean } | null
  /** Before that its head cannot have begun to count idle minutes: it goes on counting where one setting takes the place of another. */
  readonly idleFromMs: number | null
  /** Why it could not be told the last one. */
  readonly notArmed: { readonly message: string } | null
  /** In the order in which they were asked for; the first works, the others wait. */
  readonly operations: ReadonlyArray<ActiveOperation>
  readonly lastJob: number
  /** Why it last stopped. */
  readonly stoppedReason: string | null
  /** What went wrong last, until something goes right. `operation`: it is that one's alone, and ends with it. */
  readonly trouble: {
    readonly message: string
    readonly sinceMs: number
    readonly operation: OperationId | null
    readonly credentials: CredentialFault | null
    /** Its machines let in a key that is not here. */
    readonly keyLost: boolean
  } | null
  /** The last event of its stream; decisions on this row are made after it. */
  readonly lastSeq: Seq
}

export const withOperation = (
  row: ClusterRow,
  id: OperationId | null,
  change: (operation: ActiveOperation) => ActiveOperation
): ClusterRow => ({
  ...row,
  operations: row.operations.map((operation) => (operation.id === id ? change(operation) : operation))
})
