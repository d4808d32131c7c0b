/** Of which ranks the log was not read to its end, on stderr. */
import { unreadText } from "../../sdk/client/copy-log.ts"
import type { LogsAnswer } from "../../sdk/protocol/queries.ts"
import { stderr } from "../out.ts"
import { clean } from "./style.ts"

export const tellUnread = ({ jobId, unread = [] }: Pick<LogsAnswer, "jobId" | "unread">) => {
  for (const one of unread) stderr.write(`${clean(unreadText(jobId, one))}\n`)
}
