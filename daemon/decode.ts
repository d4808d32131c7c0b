/** What comes from outside is decoded by schema, and refused with one sentence that names the field. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { ValueError } from "../sdk/protocol/errors.ts"
import { sentence } from "../task/Refusal.ts"
import { notYet, unknownField } from "../task/unknown-field.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()
const options = { errors: "first", onExcessProperty: "error" } as const

type Segment = PropertyKey | { readonly key: PropertyKey }
const keysOf = (path: ReadonlyArray<Segment> | undefined) =>
  (path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment))

const said = (schema: Schema.Top, keys: ReadonlyArray<PropertyKey>, message: string, input: unknown): string => {
  const path = keys.map(String)
  if (message === "Expected no excess property") return unknownField(schema, path)
  const value = keys.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], input)
  return sentence(`${path.length === 0 ? "" : `${path.join(".")}: `}${notYet(path, value) ?? message}`)
}

export const decoder = <A, E>(schema: Schema.Codec<A, E>, what: string) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (input: unknown): Effect.Effect<A, ValueError> => {
    const result = decode(input, options)
    if (Result.isSuccess(result)) return Effect.succeed(result.success)
    const [issue] = format(result.failure.issue).issues
    return Effect.fail(
      new ValueError({
        message: `${what}: ${said(schema, keysOf(issue?.path), issue?.message ?? "not understood", input)}`,
        hint: "The method 'describe' answers with the schema of each."
      })
    )
  }
}
