/** What everybody should know first, broken between words, above whatever was asked; for scripts one line of JSON. Said once. */
import type { ClientError } from "../../sdk/client/ClientError.ts"
import type { Session } from "../../sdk/client/Session.ts"
import type { DaemonAnswer } from "../../sdk/protocol/queries.ts"
import { stderr } from "../out.ts"
import { broken } from "./broken.ts"
import { wantsJson } from "./error.ts"
import { clean, glyph } from "./style.ts"

const told = new Set<string>()

export const notify = (notices: ReadonlyArray<string> = []): void => {
  const fresh = notices.filter((text) => !told.has(text) && told.add(text))
  if (fresh.length === 0) return
  if (wantsJson(process.argv)) return void stderr.write(`${JSON.stringify({ notices: fresh })}\n`)
  const width = Math.max(20, stderr.columns() - 2)
  for (const text of fresh) stderr.write(`${glyph("failed")} ${broken(clean(text), width).join("\n  ")}\n`)
}

const mayBeThere = new Set(["ReadOnlyError", "JobDoesNotExist"])

/** For a failure, which has no room for them: where what was asked for may be there and not be proven, that is said first. */
export const noticesFirst = (session: Session) => async (error: ClientError) => {
  if (mayBeThere.has(error.tag)) notify((await session.call<DaemonAnswer>("daemon.status")).notices)
  throw error
}
