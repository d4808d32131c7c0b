/** What `audit` is asked, answered from the log that this daemon holds. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { AuditDiff, AuditHead, Damage } from "../../sdk/protocol/audit.ts"
import type { AuditError, ValueError } from "../../sdk/protocol/errors.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { diff, exportLog, head, verify } from "../audit/answers.ts"
import { inDaemon } from "../audit/found.ts"
import type { FoundLog } from "../audit/walk.ts"
import type { LogStore } from "../log/LogStore.ts"
import { Witness } from "../log/Witness.ts"
import type { Reply } from "../requests/Reply.ts"
import type { noteIn } from "./noting.ts"

export const auditAnswers = Effect.fn("auditAnswers")(function* (
  home: string,
  store: LogStore["Service"],
  note: ReturnType<typeof noteIn>
) {
  const witness = yield* Effect.serviceOption(Witness)
  // What the witness has not said yet this daemon knows, and its files are held to that. A read-only one has none: it appends nothing.
  const settled = Option.match(witness, { onNone: () => Effect.void, onSome: ({ settled }) => Effect.ignore(settled) })
  const found = <A extends { readonly damage: Damage | null }>(use: (found: FoundLog) => Effect.Effect<A, AuditError | ValueError>) =>
    settled.pipe(
      Effect.andThen(inDaemon(home, store, use)),
      Effect.tap(({ damage }) => note(damage))
    )
  return {
    "audit.verify": (_: object, { id }: Request, reply: Reply) => found((log) => verify(log, id, reply)),
    "audit.head": (params: AuditHead) => found((log) => head(log, params)),
    "audit.export": (_: object, { id }: Request, reply: Reply) => found((log) => exportLog(log, id, reply)),
    "audit.diff": (params: AuditDiff) => found((log) => diff(log, params))
  }
})
