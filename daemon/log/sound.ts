/** Whether every field of a fact is what its schema says: asked before it is written, and whenever a log is proven. Pure. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { events } from "../../events/Event.ts"
import { Recorded } from "../../events/Recorded.ts"

const { event: _, ...envelope } = Recorded.fields
const isEnvelope = Schema.is(Schema.Struct(envelope))
/** Of each kind of event on its own: to find it among all of them takes as long as to look at it. */
const isEvent = new Map(events.map((event) => [event.fields._tag.schema.literal as string, Schema.is<Schema.Constraint>(event)]))

const decode = Schema.decodeUnknownResult(Recorded)
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Of a fact as it is read: in words, with the first field that is wrong; undefined where none is. */
export const whyUnsound = (recorded: Recorded): string | undefined => {
  if (isEnvelope(recorded) && isEvent.get(recorded.event._tag)?.(recorded.event)) return undefined
  const result = decode(recorded)
  const [issue] = Result.isFailure(result) ? format(result.failure.issue).issues : []
  const path = (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  const why = `${path === "" ? "" : `${path}: `}${issue?.message ?? "not understood"}`
  return `Event ${recorded.seq} is not what its schema says: ${why}.`
}
