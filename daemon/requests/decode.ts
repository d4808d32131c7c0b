/** What comes from outside is decoded by schema, and refused with one sentence that names the field. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { ended, inWords } from "../../sdk/task/words.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1()
const options = { errors: "first", onExcessProperty: "error" } as const

export const decoder = <A, E>(schema: Schema.Codec<A, E>, what: string) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (input: unknown): Effect.Effect<A, ValueError> => {
    const result = decode(input, options)
    if (Result.isSuccess(result)) return Effect.succeed(result.success)
    const [issue] = format(result.failure.issue).issues
    return Effect.fail(
      new ValueError({
        message: `${what}: ${ended(issue === undefined ? "not understood" : inWords(schema, issue, input))}`,
        hint: "The method 'describe' answers with the schema of each."
      })
    )
  }
}
