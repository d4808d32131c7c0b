/** The JSON Schema of every method, generated from the schemas that decode it. */
import * as Schema from "effect/Schema"
import { commands, methods } from "../../sdk/protocol/methods.ts"

const schemaOf = (schema: Schema.Top) => {
  const { definitions, schema: own } = Schema.toJsonSchemaDocument(schema)
  return Object.keys(definitions).length === 0 ? own : { ...own, $defs: definitions }
}

const nothing = { type: "object", properties: {}, additionalProperties: false }

/** What is sent to the daemon: it refuses fields that it does not know, and JSON has no endless numbers. Answers may grow. */
const closed = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.filter((part) => !part?.enum?.includes("NaN")).map(closed)
  if (typeof json !== "object" || json === null) return json
  if ("not" in json) return nothing
  const inner = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, closed(value)]))
  return "properties" in json && "additionalProperties" in json && json.additionalProperties === true
    ? { ...inner, additionalProperties: false }
    : inner
}

export const describe = (only: string | null | undefined) =>
  Object.fromEntries(
    Object.entries(methods)
      .filter(([name]) => only === null || only === undefined || name === only)
      .map(([name, { params, result }]) => [
        name,
        { operation: Object.hasOwn(commands, name), params: closed(schemaOf(params)), result: schemaOf(result) }
      ])
  )
