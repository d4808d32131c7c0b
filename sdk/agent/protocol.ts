/**
 * What the daemon and the agent on a node say to each other: the same JSON lines as on the daemon's socket,
 * `{type: "request", data: {id, method, params}}` answered by `result` or `failure`, with `entry`, `source` and `log`
 * frames in between. Every method is idempotent: after a broken connection all of it is said again. Types only; the
 * agent carries no library.
 */
import type { LogsAnswer } from "../protocol/queries.ts"
import type { Ended } from "./node-folder.ts"

/** One JSON line on the inherited pipe (fd 3) once the agent listens; an end without a line means that it died. */
export type AgentReady = { readonly ok: true; readonly hello: AgentHello } | { readonly ok: false; readonly error: string }

export interface AgentHello {
  readonly cluster: string
  readonly node: string
  readonly rank: number
  readonly journal: string
  /** The number of the last entry; 0 for none. */
  readonly lastEntry: number
  /** The highest number that a job had; 0 for none. Absent in the words of an older agent. */
  readonly lastJob?: number
  /** Digest of the agent's own file. */
  readonly build: string
  readonly pid: number
  readonly halted: boolean
}

/** A machine as another one logs in there. */
export interface SshAddress {
  readonly user: string
  readonly host: string
  readonly port: number
  /** `ssh-ed25519 AAAA…`: another one is not spoken to. */
  readonly hostKey: string
}

export interface Peer {
  readonly rank: number
  readonly node: string
  readonly address: string
  readonly socket: string
  /** Where its machine is another than its head's: how the head gets there. Its key is let in to this socket alone. */
  readonly ssh?: SshAddress
  /** Why the head has no way there; until it is told of one, it does not try. */
  readonly problem?: string
}

export interface JobSpec {
  readonly id: number
  readonly name: string | null
  readonly runTimestamp: string
  readonly numNodes: number
  /** Per node; a fraction shares one. Besides, every job takes 0.5 CPU of each of its nodes. */
  readonly accelerators: { readonly name: string; readonly count: number } | null
  /** Detached setup: runs on every node of the cluster before `run`, as part of the job. */
  readonly setup: string | null
  readonly run: string
  readonly envs: Readonly<Record<string, string>>
  /** Kept 0600 and removed when the job ends. `null`: the daemon has none any more; who has not taken the job before refuses it. */
  readonly secrets: Readonly<Record<string, string>> | null
  /** With secrets that are null: why who has not taken the job before refuses it, if not for them. */
  readonly refusal?: string
}

/** Runs on every node, like a job, once per operation. */
export interface SetupSpec {
  readonly operation: string
  readonly runTimestamp: string
  readonly script: string
  readonly envs: Readonly<Record<string, string>>
  /** As of a job; a refused setup ends at once. */
  readonly secrets: Readonly<Record<string, string>> | null
  /** Whole accelerators that the task wants of each node. */
  readonly accelerators: number
}

/** Which job it is, when the daemon's log is not the one that gave it its number. Absent in what older agents wrote. */
interface OfJob {
  readonly job: number
  readonly runTimestamp?: string
}

/** What a head's journal holds: the events of the same name, without what the daemon adds. */
export type JournalFact =
  | ({ readonly _tag: "JobSettingUp" } & OfJob)
  | ({
      readonly _tag: "JobStarted"
      readonly ranks: ReadonlyArray<{ readonly rank: number; readonly node: string; readonly nodeRank: number; readonly pid: number }>
    } & OfJob)
  | ({
      readonly _tag: "JobEnded"
      readonly status: "SUCCEEDED" | "FAILED" | "FAILED_SETUP" | "CANCELLED"
      readonly returnCodes: ReadonlyArray<number>
      readonly reason: string | null
    } & OfJob)
  | {
      readonly _tag: "SetupEnded"
      readonly operation: string
      readonly returnCodes: ReadonlyArray<number>
      readonly failedRank: number | null
      readonly lastLines: ReadonlyArray<string>
      readonly reason: string | null
    }
  | {
      readonly _tag: "AutostopFired"
      readonly idleMinutes: number
      readonly down: boolean
      readonly idleSinceMs: number
      /** Told, and never in the journal: the node was started since. */
      readonly past?: true
    }

export interface JournalEntry {
  /** 1, 2, … without a gap. */
  readonly n: number
  readonly atMs: number
  readonly fact: JournalFact
}

/** Nodes that a head does not reach. `why`: in the words of who knows; null where nobody does. Older agents do not say which `node`. */
export interface Unreached {
  readonly nodes: ReadonlyArray<{ readonly rank: number; readonly node?: string; readonly why: string | null }>
}

/** method → [params, result]. */
export interface AgentMethods {
  /** Refused when the agent is another cluster's or node's. */
  readonly hello: [{ readonly cluster: string; readonly node: string }, AgentHello]
  /** Nodes whose machines are gone. Head only. */
  readonly lost: [{ readonly nodes: ReadonlyArray<string> }, object]
  /** All nodes of the cluster, in rank order. Said again, those that refused the head are tried soon. Head only. */
  readonly configure: [{ readonly peers: ReadonlyArray<Peer> }, object]
  /** `entry` frames from `after` + 1 on, without end; each says when it was sent, by the clock by which the entry has its time. */
  readonly "journal.follow": [{ readonly after: number }, never]
  /** Entries up to this one are in the daemon's log. */
  readonly "journal.acknowledge": [{ readonly upTo: number }, object]
  /**
   * Takes each id once; on disk when answered. One that is refused ends as FAILED with the message, unless it has no id (0 here).
   * `others`: ids under which another job was taken before, one with another `runTimestamp`; nothing of these is taken, and the
   * journal says nothing of them. Absent when there are none.
   */
  readonly submit: [
    { readonly jobs: ReadonlyArray<JobSpec> },
    {
      readonly taken: ReadonlyArray<number>
      readonly refused: ReadonlyArray<{ readonly id: number; readonly message: string }>
      readonly others?: ReadonlyArray<number>
    }
  ]
  /** Takes each operation once; `SetupEnded` follows. */
  readonly setup: [SetupSpec, object]
  readonly "setup.cancel": [{ readonly operation: string }, object]
  /** Pending ones are dropped, running ones killed with their whole process tree; `JobEnded` follows. */
  readonly cancel: [{ readonly jobs: ReadonlyArray<number> }, object]
  /** `setting` is the log position of the setting: the same one again, with the same wish, resets nothing. Negative minutes cancel. */
  readonly autostop: [{ readonly setting: number; readonly idleMinutes: number; readonly down: boolean }, object]
  /** Head only; for who wonders why a job does not begin. */
  readonly unreached: [object, Unreached]
  /** Something is being done on the cluster (sync): idleness starts over. */
  readonly activity: [object, object]
  /**
   * `source` and `log` frames, then the result. Both name their `source`, a file's; a `log` says where in it the bytes end (`to`), and
   * the first is empty: where the tail begins. After a broken connection these go into `from`, and nothing is missed or said twice.
   */
  readonly logs: [
    {
      readonly job?: number
      /** Of that job: another one under its number is not shown. */
      readonly runTimestamp?: string
      readonly setup?: string
      readonly rank?: number | null
      readonly follow: boolean
      /** Ranks of that job whose machines are gone: what is at their addresses is not called. Who does not know it calls them. */
      readonly gone?: ReadonlyArray<number>
      /** Of sources that `from` does not know. */
      readonly tail?: number | null
      readonly from?: Readonly<Record<string, number | null>>
    },
    Omit<LogsAnswer, "jobId">
  ]
  /** Ends every job of the cluster as FAILED with this reason, then takes none until it starts or `resume`. Answers when all is quiet. */
  readonly halt: [{ readonly reason: string }, { readonly lastEntry: number }]
  /** Head only: the end that it was halted for did not come about, and the cluster is wanted again. It takes jobs. */
  readonly resume: [object, object]
  /** Ends what still runs on this node, writes `ended`, answers, ends the agent. */
  readonly exit: [{ readonly how: Ended["how"] }, object]
}
