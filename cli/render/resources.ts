/** Clusters and jobs in one cell. */
import type { ClusterView, JobView } from "../../sdk/protocol/rows.ts"
import { clean } from "./style.ts"

const amount = (n: number) => String(Math.round(n * 10) / 10)

/** `1x local(cpus=2, mem=23)`, `2x AWS(p4d.24xlarge, A100:8)`. */
export const resourcesCell = ({ numNodes, resources }: Pick<ClusterView, "numNodes" | "resources">): string => {
  if (resources === null) return `${numNodes}x`
  const { cloud, region, instanceType, cpus, memoryGib, accelerators, useSpot } = resources
  const inside = [`${instanceType ?? `cpus=${amount(cpus)}, mem=${amount(memoryGib)}`}${useSpot ? "[Spot]" : ""}`]
  if (accelerators !== null) inside.push(`${accelerators.name}:${accelerators.count}`)
  return clean(`${numNodes}x ${cloud === "ssh" ? `ssh/${region}` : cloud === "local" ? cloud : cloud.toUpperCase()}(${inside.join(", ")})`)
}

/** `1x[GPU:1]`. */
export const demandCell = ({ numNodes, accelerators }: Pick<JobView, "numNodes" | "accelerators">): string =>
  clean(accelerators === null ? `${numNodes}x` : `${numNodes}x[${accelerators.name}:${accelerators.count}]`)

/** `-`, `10m`, `10m (down)`. */
export const autostopCell = ({ autostop, toDown }: Pick<ClusterView, "autostop" | "toDown">): string =>
  autostop < 0 ? "-" : `${autostop}m${toDown ? " (down)" : ""}`
