/** `sky status --ip`: the address of one cluster that is up. */

import { ClientError } from "../../sdk/client/ClientError.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"
import { stdout } from "../out.ts"
import { usageError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"

type Flags = { readonly refresh?: boolean | undefined }

export const headIp = (clusters: ReadonlyArray<ClusterView>, flags: Flags, json: boolean, usage: string): void => {
  if (flags.refresh) throw usageError("--ip and --refresh do not go together.", `Usage: ${usage}`)
  const [cluster] = clusters
  if (clusters.length !== 1 || cluster === undefined) throw usageError("--ip takes exactly one cluster.", `Usage: ${usage}`)
  const { name, status, headIp: ip } = cluster
  if (status !== "UP" || ip === null)
    throw new ClientError("ClusterNotUpError", exitCodes.conflict, `${name} is ${status}: it has no address now.`)
  stdout.write(json ? jsonLine({ ip }) : `${ip}\n`)
}
