/** The variables that a job or a setup sees besides its own envs (spec 6.1). Pure. IP lists are in rank order, a line each. */
import type { NodeIdentity } from "../sdk/agent/node-folder.ts"
import type { JobSpec, Peer, SetupSpec } from "../sdk/agent/protocol.ts"
import type { Placed } from "./scheduler.ts"

type Variables = { readonly [name: string]: string }
type ClusterOf = Pick<NodeIdentity, "clusterName" | "cloud" | "region" | "zone" | "environment"> & {
  readonly accelerators: Pick<NonNullable<NodeIdentity["accelerators"]>, "count" | "ids"> | null
}

const addresses = (peers: ReadonlyArray<Peer>) => peers.map(({ address }) => address).join("\n")

const common = (cluster: ClusterOf): Variables => ({
  SKYPILOT_CLUSTER_INFO: JSON.stringify({
    cluster_name: cluster.clusterName,
    cloud: cluster.cloud,
    region: cluster.region,
    zone: cluster.zone
  }),
  SKYPILOT_USER: cluster.environment.USER ?? cluster.environment.LOGNAME ?? "",
  PYTHONUNBUFFERED: "1"
})

const taskId = (cluster: ClusterOf, job: JobSpec) => `${job.runTimestamp}_${cluster.clusterName}_${job.id}`

const setupPlace = (peers: ReadonlyArray<Peer>, rank: number, accelerators: number): Variables => ({
  SKYPILOT_SETUP_NODE_IPS: addresses(peers),
  SKYPILOT_SETUP_NODE_RANK: `${rank}`,
  SKYPILOT_SETUP_NUM_GPUS_PER_NODE: `${Math.ceil(accelerators)}`,
  SKYPILOT_NUM_NODES: `${peers.length}`
})

/** `peers`: all nodes of the cluster. */
export const setupVariables = (cluster: ClusterOf, peers: ReadonlyArray<Peer>, spec: SetupSpec, rank: number): Variables => ({
  ...common(cluster),
  ...setupPlace(peers, rank, spec.accelerators)
})

export const detachedSetupVariables = (cluster: ClusterOf, peers: ReadonlyArray<Peer>, job: JobSpec, rank: number): Variables => ({
  ...common(cluster),
  ...setupPlace(peers, rank, job.accelerators?.count ?? 0),
  SKYPILOT_TASK_ID: taskId(cluster, job)
})

/** Devices are counted as `nvidia-smi` counts them, which CUDA by itself does not do. On a node without any nothing is said of them. */
const visible = (accelerators: ClusterOf["accelerators"], devices: ReadonlyArray<number>): Variables =>
  accelerators === null
    ? {}
    : { CUDA_DEVICE_ORDER: "PCI_BUS_ID", CUDA_VISIBLE_DEVICES: devices.map((device) => accelerators.ids?.[device] ?? device).join(",") }

/** `cluster`: with the accelerators of the node that the rank runs on. */
export const jobVariables = (
  cluster: ClusterOf,
  peers: ReadonlyArray<Peer>,
  job: JobSpec,
  placement: ReadonlyArray<Placed>,
  rank: number
): Variables => {
  const byRank = new Map(peers.map((peer) => [peer.rank, peer]))
  const nodes = addresses(placement.map(({ nodeRank }) => byRank.get(nodeRank)!))
  const gpus = `${Math.ceil(job.accelerators?.count ?? 0)}`
  return {
    ...common(cluster),
    SKYPILOT_NODE_RANK: `${rank}`,
    SKYPILOT_NODE_IPS: nodes,
    SKYPILOT_NUM_NODES: `${job.numNodes}`,
    SKYPILOT_NUM_GPUS_PER_NODE: gpus,
    SKYPILOT_TASK_ID: taskId(cluster, job),
    SKYPILOT_INTERNAL_JOB_ID: `${job.id}`,
    SKY_NODE_RANK: `${rank}`,
    SKY_NODE_IPS: nodes,
    SKY_NUM_GPUS_PER_NODE: gpus,
    SKY_INTERNAL_JOB_ID: `${job.id}`,
    ...visible(cluster.accelerators, placement[rank]!.devices)
  }
}
