/** Where a rank's output lies below HOME, and what its lines are prefixed with (spec 6.3). `nodes`: how many the cluster has. Pure. */
export const logsFolder = "sky_logs"

const nodeName = (nodeRank: number) => (nodeRank === 0 ? "head" : `worker${nodeRank}`)

export const runLog = (runTimestamp: string, nodes: number, rank: number, nodeRank: number) =>
  `${logsFolder}/${runTimestamp}/tasks/${nodes === 1 ? "run.log" : `${rank}-${nodeName(nodeRank)}.log`}`

/** Of a detached setup; on the node that ran it. */
export const detachedSetupLog = (runTimestamp: string, nodes: number, nodeRank: number) =>
  `${logsFolder}/${runTimestamp}/tasks/${nodes === 1 ? "setup.log" : `setup-${nodeName(nodeRank)}.log`}`

export const setupLog = (runTimestamp: string, nodeRank: number) => `${logsFolder}/${runTimestamp}/setup-${nodeRank}.log`

interface Of {
  readonly nodes: number
  readonly rank: number
  readonly nodeRank: number
  readonly pid: number
  readonly address: string
}

const ip = (of: Of) => (of.nodeRank === 0 ? "" : `, ip=${of.address}`)

export const runPrefix = (name: string | null, of: Of) =>
  of.nodes === 1 ? `(${name ?? "task"}, pid=${of.pid}) ` : `(${nodeName(of.nodeRank)}, rank=${of.rank}, pid=${of.pid}${ip(of)}) `

export const setupPrefix = (of: Of) => (of.nodes === 1 ? `(setup, pid=${of.pid}) ` : `(setup, rank=${of.rank}, pid=${of.pid}${ip(of)}) `)
