/** `sky status --ip`: the address of one cluster that is up. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { usageError } from "../render/error.ts"

export const headIp = (clusters: ReadonlyArray<ClusterView>, usage: string): string => {
  const [cluster] = clusters
  if (clusters.length !== 1 || cluster === undefined) throw usageError("--ip takes exactly one cluster.", `Usage: ${usage}`)
  if (cluster.status === "UP" && cluster.headIp !== null) return cluster.headIp
  throw new ClientError("ClusterNotUpError", exitCodes.conflict, `${cluster.name} is ${cluster.status}: it has no address now.`)
}
