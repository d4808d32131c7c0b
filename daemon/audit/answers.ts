/** What `audit` is asked, answered from a log as it was found: in the daemon, or without one. */
import * as Effect from "effect/Effect"
import type {
  AuditDiff,
  AuditDiffAnswer,
  AuditExportAnswer,
  AuditHead,
  AuditHeadAnswer,
  AuditVerifyAnswer
} from "../../sdk/protocol/audit.ts"
import type { AuditError } from "../../sdk/protocol/errors.ts"
import { unpack } from "../log/chain.ts"
import type { Stored } from "../log/LogStore.ts"
import type { Reply } from "../requests/Reply.ts"
import { Differ } from "./Differ.ts"
import { IndexProof } from "./IndexProof.ts"
import { openLines } from "./Lines.ts"
import { printLine } from "./line.ts"
import { type FoundLog, walk } from "./walk.ts"

type Id = string | number

export const verify = Effect.fn("audit.verify")(function* (found: FoundLog, id: Id, reply: Reply) {
  const index = new IndexProof()
  const { damage, events, head } = yield* walk(found, {
    trace: (trace) => index.add(trace),
    index: (entry) => index.check(entry),
    page: (at) => Effect.as(reply.send({ type: "result", data: { id, at, value: {}, more: true } }), true)
  })
  return { events, head, damage: damage ?? (events === 0 ? null : index.end()) } satisfies AuditVerifyAnswer
})

/** What is noted, or was noted, is worth what stands before it: all of that is proven too. */
export const head = Effect.fn("audit.head")(function* (found: FoundLog, { is }: AuditHead) {
  if (is === null || is === undefined) {
    const { damage, head } = yield* walk(found, {})
    return { head, refuted: null, damage } satisfies AuditHeadAnswer
  }
  let hash: string | undefined
  const { damage, events, head } = yield* walk(found, {
    event: ({ seq, value }) => {
      if (seq === is.seq) hash = unpack(value)!.hash.toString("hex")
      return seq < is.seq
    }
  })
  return { head, refuted: damage === null ? refutation(events, head, hash, is) : null, damage } satisfies AuditHeadAnswer
})

const refutation = (events: number, head: AuditHeadAnswer["head"], hash: string | undefined, is: NonNullable<AuditHead["is"]>) => {
  if (typeof is.log === "string" && is.log !== head?.log)
    return `What was noted is of the log ${is.log}; this one is ${head?.log ?? "empty"}.`
  if (events < is.seq) return `The log ends with event ${events}, before event ${is.seq} that was noted.`
  if (is.seq === 0) return "Events are numbered from 1."
  return hash === is.hash ? null : `Event ${is.seq} is not the one that was noted: its hash is ${hash}.`
}

const lineOf = ({ value }: Stored) => printLine(unpack(value)!)

export const exportLog = Effect.fn("audit.export")(function* (found: FoundLog, id: Id, reply: Reply) {
  let lines: Array<Buffer> = []
  let bytes = 0
  let texts: Array<string> = []
  const cut = () => {
    if (lines.length > 0) texts.push(Buffer.concat(lines).toString())
    lines = []
    bytes = 0
  }
  const { damage, events, head } = yield* walk(found, {
    event: (stored) => {
      const line = lineOf(stored)
      if (bytes + line.length > textMaxBytes) cut()
      lines.push(line)
      bytes += line.length
      return true
    },
    page: () => {
      cut()
      const sent = texts
      texts = []
      return Effect.as(
        Effect.forEach(sent, (text) => reply.send({ type: "log", data: { id, rank: 0, text } }), { discard: true }),
        true
      )
    }
  })
  return { events, head, damage } satisfies AuditExportAnswer
})
/** Printed into JSON once more it still fits a frame, whatever is in it. */
const textMaxBytes = 128 * 1024

export const diff = Effect.fn("audit.diff")(function* (found: FoundLog, { file }: AuditDiff) {
  const differ = new Differ(file)
  let page: Array<Stored> = []
  let logMore = 0
  const ask = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: (cause) => cause as AuditError })
  yield* openLines(differ.lines)
  const { damage } = yield* walk(found, {
    event: (stored) => page.push(stored) > 0,
    page: () =>
      Effect.map(
        ask(() => differ.compare(page)),
        (rest) => {
          page = []
          logMore += rest
          return differ.difference === null
        }
      )
  })
  const isAll = differ.difference === null && logMore === 0 && damage === null
  const fileMore = isAll ? yield* ask(() => differ.countRest()) : 0
  return { events: differ.same, difference: differ.difference, logMore, fileMore, damage } satisfies AuditDiffAnswer
}, Effect.scoped)
