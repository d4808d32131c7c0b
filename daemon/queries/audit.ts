/** What `audit` is asked, answered from the log that this daemon holds. */
import * as Effect from "effect/Effect"
import type { AuditDiff, AuditHead, Damage } from "../../sdk/protocol/audit.ts"
import type { AuditError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { diff, exportLog, head, verify } from "../audit/answers.ts"
import { inDaemon } from "../audit/found.ts"
import type { Found } from "../audit/walk.ts"
import type { Reply } from "../ipc/Connection.ts"
import type { LogStore } from "../log/LogStore.ts"
import type { noteIn } from "./noting.ts"

export const auditAnswers = (home: string, store: LogStore["Service"], note: ReturnType<typeof noteIn>) => {
  const found = <A extends { readonly damage: Damage | null }>(use: (found: Found) => Effect.Effect<A, AuditError | ValueError>) =>
    Effect.tap(inDaemon(home, store, use), ({ damage }) => note(damage))
  return {
    "audit.verify": (_: object, { id }: Request, reply: Reply) => found((log) => verify(log, id, reply)),
    "audit.head": (params: AuditHead) => found((log) => head(log, params)),
    "audit.export": (_: object, { id }: Request, reply: Reply) => found((log) => exportLog(log, id, reply)),
    "audit.diff": (params: AuditDiff) => found((log) => diff(log, params))
  }
}
