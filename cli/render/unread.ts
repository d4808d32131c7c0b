/** Of which ranks the log was not read to its end, on stderr. */
import type { LogsAnswer } from "../../sdk/protocol/queries.ts"
import { stderr } from "../out.ts"
import { clean } from "./style.ts"

export const tellUnread = (jobId: number | null, unread: LogsAnswer["unread"] = []) => {
  for (const { rank, reason } of unread)
    stderr.write(`Job ${jobId ?? ""}: the log of rank ${rank} is not all there, its machine does not answer: ${clean(reason)}\n`)
}
