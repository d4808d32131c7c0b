/** What clients of a storm do, chosen by a seed alone: neither what came of it nor the machine's speed changes a choice. */
import { join } from "node:path"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { Dice } from "../fuzz/dice.ts"
import { type MachineFate, pool } from "./Rack.ts"
import { ranName, setUpName } from "./StormHome.ts"

const clusters = ["a", "b", "c"]
const methods: ReadonlyArray<CommandName> = [
  ...(["launch", "launch", "launch", "launch", "exec", "exec", "exec", "exec", "exec", "exec"] as const),
  ...(["start", "start", "start", "stop", "stop", "cancel", "cancel", "autostop", "autostop", "down"] as const)
]
/** Idle minutes that a storm does not live to see the end of. */
const neverMinutes = 100_000
/** Jobs that end only when they are ended. */
const endlessS = 3600
/** Who follows a job leaves in the end: it may wait behind one without an end. */
const followMaxMs = 8000

export type StormCloud = "local" | "ssh"

export interface Deed {
  /** Its own number, which its job and its setup write down when they run. */
  readonly n: number
  readonly method: CommandName
  readonly cluster: string
  readonly cloud: StormCloud
  /** By the program `sky`, or by a connection of its own. */
  readonly by: "sky" | "wire"
  readonly pauseMs: number
  /** The client goes away then, whatever has come of it. */
  readonly leaveMs: number | null
  /** A connection that breaks is made again, and the same said again. */
  readonly insists: boolean
  readonly detached: boolean
  readonly nodes: number
  readonly sleepS: number
  readonly setup: boolean
  readonly workdir: boolean
  readonly secret: boolean
  readonly idleMinutes: number
  readonly down: boolean
  readonly jobs: "all" | "latest"
}

export const chooseDeed = (d: Dice, n: number, raise: boolean, cloud: StormCloud): Deed => {
  const method = raise ? "launch" : d.pick(methods)
  const runs = method === "launch" || method === "exec"
  const endless = runs && d.chance(0.2)
  const detached = !runs || endless || d.chance(0.6)
  return {
    n,
    method,
    cluster: d.pick(clusters),
    cloud,
    by: d.chance(0.5) ? "sky" : "wire",
    pauseMs: d.below(300),
    leaveMs: d.chance(0.2) ? d.below(1500) : detached ? null : followMaxMs,
    insists: d.chance(0.7),
    detached,
    nodes: 1 + Math.floor(d.roll() ** 2 * 3),
    sleepS: endless ? endlessS : d.below(12) / 10,
    setup: d.chance(0.4),
    workdir: d.chance(0.3),
    secret: d.chance(0.3),
    idleMinutes: d.pick([-1, 1, neverMinutes, neverMinutes]),
    // Machines of a pool are never stopped.
    down: d.chance(0.3) || cloud === "ssh",
    jobs: d.chance(0.5) ? "all" : "latest"
  }
}

export const isEndless = ({ sleepS }: Deed) => sleepS === endlessS
/** A job's exit code, and every tenth setup's. */
export const exitCodeOf = (n: number) => n % 5
const setupCodeOf = (n: number) => (n % 10 === 0 ? 1 : 0)

export const ranFile = (folder: string) => join(folder, ranName)
export const setUpFile = (folder: string) => join(folder, setUpName)
export const workdirOf = (folder: string) => join(folder, "work")

/** What a rank says, in its order: before its sleep and after it. */
export const linesOfRank = (n: number, rank: number): ReadonlyArray<string> =>
  ["a", "b"].flatMap((part) => [0, 1, 2].map((i) => `${n} ${rank} says ${part}${i}`))
const saying = (n: number, part: string) => `for i in 0 1 2; do echo "${n} $SKYPILOT_NODE_RANK says ${part}$i"; done`

export const taskOf = ({ cloud, method, n, nodes, secret, setup, sleepS, workdir }: Deed, folder: string) => ({
  name: `n${n}`,
  num_nodes: nodes,
  ...(cloud === "ssh" ? { resources: { infra: `ssh/${pool}` } } : {}),
  run: `echo "${n} $SKYPILOT_NODE_RANK" >> ${ranFile(folder)}\n${saying(n, "a")}\nsleep ${sleepS}\n${saying(n, "b")}\nexit ${exitCodeOf(n)}`,
  ...(setup && method === "launch"
    ? { setup: `echo "${n} $SKYPILOT_SETUP_NODE_RANK" >> ${setUpFile(folder)}\nsleep 0.2\nexit ${setupCodeOf(n)}` }
    : {}),
  ...(workdir ? { workdir: workdirOf(folder) } : {}),
  ...(secret ? { envs: { A_TOKEN: `secret-${n}` } } : {})
})

export const paramsOf = (deed: Deed, folder: string): object => {
  const { cluster: clusterName, down, idleMinutes, jobs, method } = deed
  if (method === "launch" || method === "exec") return { clusterName, task: taskOf(deed, folder) }
  if (method === "cancel") return { clusterName, ...(jobs === "all" ? { all: true } : {}) }
  return method === "autostop" ? { clusterName, idleMinutes, down } : { clusterName }
}

/** The same for `sky`. `file` holds the task. */
export const argumentsOf = ({ cluster, detached, down, idleMinutes, jobs, method }: Deed, file: string): ReadonlyArray<string> => {
  const detach = detached ? ["-d"] : []
  if (method === "launch") return [method, "-y", ...detach, "-c", cluster, file]
  if (method === "exec") return [method, ...detach, cluster, file]
  if (method === "cancel") return [method, "-y", cluster, ...(jobs === "all" ? ["-a"] : [])]
  if (method !== "autostop") return [method, "-y", cluster]
  return [method, "-y", ...(idleMinutes < 0 ? ["--cancel"] : ["-i", `${idleMinutes}`, ...(down ? ["--down"] : [])]), cluster]
}

export interface Blow {
  readonly afterMs: number
  readonly at: "daemon" | "agent" | "agents" | "client" | "daemon and agent" | "all" | MachineFate
  /** A machine's fate lasts so long. */
  readonly forMs: number
  /** Which of them, from 0 to 1. */
  readonly which: number
  /** The next request is sent at once, and awaited. */
  readonly wakes: boolean
  /** Done at once, before anybody has noticed. */
  readonly deeds: ReadonlyArray<Deed>
}

const struck = ["daemon", "daemon", "daemon", "daemon", "agent", "agent", "agents", "client", "client", "daemon and agent", "all"] as const
const fates = ["connections", "connections", "connections", "cut", "cut", "power", "power"] as const
/** Longer than a dead link is borne. */
const longCutMs = 16_000

/** `fresh` chooses a deed for the moment after. */
export const chooseBlow = (d: Dice, fresh: () => Deed, cloud: StormCloud): Blow => ({
  afterMs: d.below(cloud === "ssh" ? 2000 : 900),
  at: d.pick(cloud === "ssh" ? [...struck, ...fates] : struck),
  forMs: cloud === "ssh" ? (d.chance(0.2) ? longCutMs : d.below(3000)) : 0,
  which: d.roll(),
  wakes: d.chance(0.5),
  deeds: d.chance(0.4) ? [{ ...fresh(), method: d.pick(["stop", "down", "cancel"]), by: "wire", pauseMs: 0, leaveMs: null }] : []
})
