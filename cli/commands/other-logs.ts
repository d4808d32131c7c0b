/** What `sky logs` does besides streaming: `--status` and `--sync-down`. */
import type { Session } from "../../sdk/client/Session.ts"
import { refusePattern } from "../pick.ts"
import { usageError } from "../render/error.ts"
import { showStatus } from "./job-status.ts"
import { syncDown } from "./sync-down.ts"

type Flags = { readonly status?: boolean | undefined; readonly "sync-down"?: boolean | undefined }

export const otherLogs = async (
  session: Session,
  clusterName: string,
  jobIds: ReadonlyArray<number>,
  flags: Flags,
  json: boolean,
  usage: string
): Promise<number> => {
  if (flags.status && flags["sync-down"]) throw usageError("--status and --sync-down do not go together.", `Usage: ${usage}`)
  await refusePattern(session, clusterName, "logs")
  if (flags["sync-down"]) return syncDown(session, clusterName, jobIds, json)
  if (jobIds.length > 1) throw usageError("One job at a time, or copy them down with -s.", `Usage: ${usage}`)
  return showStatus(session, clusterName, jobIds[0] ?? null, json)
}
