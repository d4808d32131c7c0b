/** The folder of a node, as its cloud and its agent share it: what lies in it, and what its files say. */

/** Written into a node's folder by its cloud before an agent starts there. What the node is, and whose. */
export interface NodeIdentity {
  /** The id of the log that pays for it. */
  readonly log: string
  readonly cluster: string
  readonly clusterName: string
  readonly token: string
  readonly node: string
  /** 0 is the head, which schedules. */
  readonly rank: number
  readonly address: string
  readonly cloud: string
  readonly region: string | null
  readonly zone: string | null
  readonly cpus: number
  readonly memoryGib: number
  /** `ids`: what CUDA calls each; absent where they are numbered from 0. */
  readonly accelerators: { readonly name: string; readonly count: number; readonly ids?: ReadonlyArray<string> } | null
  /** Where its agent listens, from the node's folder on, in which every agent works. */
  readonly socket: string
  /** What a job's environment starts from; HOME is the node's own. */
  readonly environment: Readonly<Record<string, string>>
  /** HOME of its jobs, absolute, where it is a user's own; else it lies in the node's folder. */
  readonly home?: string
  /** There was no workdir in that home before this node: it goes with it. */
  readonly ownsWorkdir?: boolean
  /** It runs on after its machine was restarted, with an agent anew; the jobs of before have failed. Else it is stopped then. */
  readonly survivesReboot?: boolean
  /** Its autostop ends the machine as well: that is nobody's but the cluster's. */
  readonly powersOff?: boolean
  /** Which state folder asked for it, by an id of its own, where the machine is not of one folder alone. */
  readonly stateFolder?: string
  /** Which machine it is on, by that machine's own word: another that finds this in its home shares it. */
  readonly machine?: string
}

/** Files of a node's folder that the cloud and the agent share. */
export const nodeFiles = {
  identity: "node.json",
  /** The kernel's boot id and which folder this is, written when the node starts: neither a restart nor a copy goes on running. */
  boot: "boot",
  /** `Ended` as JSON, fsynced before the first process of the node ends; removed when it starts again. */
  ended: "ended",
  home: "home",
  /** Files on their way into HOME. */
  incoming: "home.incoming",
  /** First line `{"journal", "acknowledged"}`, then a `JournalEntry` a line. */
  journal: "agent/journal.jsonl",
  pid: "agent/pid",
  log: "agent/agent.log",
  /** By which a head reaches its workers over ssh: its key, made there, and the keys of their machines. */
  sshKey: "agent/ssh/key",
  sshKnownHosts: "agent/ssh/known_hosts",
  /** There was no `authorized_keys` before the line for a head was put into it. */
  madeKeys: "made-authorized-keys"
} as const

/** Where the workdir lies below HOME. */
export const workdirName = "sky_workdir"

export const homeOf = (folder: string, { home }: NodeIdentity) => home ?? `${folder}/${nodeFiles.home}`

export interface Ended {
  readonly how: "Stopped" | "Down"
  readonly by: "autostop" | "request"
  readonly atMs: number
}
