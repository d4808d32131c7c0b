/** The JSON Schema of every method, generated from the schemas that decode it. */
import * as Schema from "effect/Schema"
import { commands, methods } from "../../sdk/protocol/methods.ts"

const schemaOf = (schema: Schema.Top) => {
  const { definitions, schema: own } = Schema.toJsonSchemaDocument(schema)
  return Object.keys(definitions).length === 0 ? own : { ...own, $defs: definitions }
}

export const describe = (only: string | null | undefined) =>
  Object.fromEntries(
    Object.entries(methods)
      .filter(([name]) => only === null || only === undefined || name === only)
      .map(([name, { params, result }]) => [
        name,
        { operation: Object.hasOwn(commands, name), params: schemaOf(params), result: schemaOf(result) }
      ])
  )
