/**
 * Schemas in words, for the generated documents: a JSON Schema as a short type, and the comments of the sources beside it.
 * Comments are read from the text: schemas carry none at run time, where they would cost every start of the daemon.
 */
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Schema from "effect/Schema"

export const root = resolve(import.meta.dirname, "..")

export interface Json {
  readonly type?: string
  readonly enum?: ReadonlyArray<string | boolean>
  readonly anyOf?: ReadonlyArray<Json>
  readonly items?: Json
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
}

/** A class is a reference to its fields. */
export const jsonOf = (schema: Schema.Top): Json => {
  const { definitions, schema: json } = Schema.toJsonSchemaDocument(schema)
  const [, name] = /^#\/\$defs\/(.+)$/.exec(String(json["$ref"])) ?? []
  return (name === undefined ? json : definitions[name]) as Json
}

/** Names for shapes that are found inside others, by their JSON. */
export type Shapes = ReadonlyMap<string, string>
export const shapesOf = (schemas: Readonly<Record<string, Schema.Top>>): Shapes =>
  new Map(Object.entries(schemas).map(([name, schema]) => [JSON.stringify(jsonOf(schema)), name]))

const isUnsafeNumber = ({ enum: words }: Json) => words?.includes("Infinity") || words?.includes("NaN")

export const typeOf = (json: Json, shapes: Shapes, own = false): string => {
  const named = own ? undefined : shapes.get(JSON.stringify(json))
  if (named !== undefined) return named
  if (json.anyOf !== undefined) {
    const parts = json.anyOf.filter((part) => !isUnsafeNumber(part)).map((part) => typeOf(part, shapes))
    return [...new Set(parts)].join(" | ")
  }
  if (json.enum !== undefined) return json.enum.map((word) => JSON.stringify(word)).join(" | ")
  switch (json.type) {
    case "array": {
      const item = typeOf(json.items ?? {}, shapes)
      return item.includes(" ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`
    }
    case "object": {
      if (json.properties === undefined) return `{ [name]: ${typeOf((json.additionalProperties ?? {}) as Json, shapes)} }`
      const fields = Object.entries(json.properties).map(
        ([name, field]) => `${name}${json.required?.includes(name) ? "" : "?"}: ${typeOf(field, shapes)}`
      )
      return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
    }
    case "integer":
      if ((json.minimum ?? -1) < 0) return "int"
      return (json.maximum ?? Number.MAX_SAFE_INTEGER) < Number.MAX_SAFE_INTEGER
        ? `int ${json.minimum} … ${json.maximum}`
        : `int ≥ ${json.minimum}`
    case undefined:
      return "JSON"
    default:
      return json.type
  }
}

const texts = new Map<string, string>()
const read = (file: string): string => {
  if (!texts.has(file)) texts.set(file, readFileSync(join(root, file), "utf8"))
  return texts.get(file)!
}

const clean = (comment: string) =>
  comment
    .replaceAll(/^\s*\*\s?/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** What a file says of itself. */
export const opening = (file: string): string => clean(/^\/\*\*([\s\S]*?)\*\//.exec(read(file))?.[1] ?? "")

export interface Declared {
  readonly comment: string
  /** The comment of each field that has one. */
  readonly fields: ReadonlyMap<string, string>
}

/** `export const NAME` or `export class NAME` with what stands above it and above its fields. */
export const declared = (file: string, name: string): Declared => {
  const text = read(file)
  const at = text.search(new RegExp(`^export (const|class) ${name}\\b`, "m"))
  if (at < 0) throw new Error(`${file} does not export ${name}.`)
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n$/.exec(text.slice(0, at))?.[1]
  const isFirst = !/^(export|const)/m.test(text.slice(0, at))
  const body = text.slice(at).split(/\n(?=\S)/)[0] ?? ""
  const all = `${text.slice(at).split(/^}\)?/m)[0]}${body}`
  const fields = [...all.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+):/g)].map(
    ([, said = "", field = ""]) => [field, clean(said)] as const
  )
  return { comment: clean(comment ?? "") || (isFirst ? opening(file) : ""), fields: new Map(fields) }
}

/** The pipes of a type would end a cell. */
const cell = (text: string) => text.replaceAll("|", "\\|")

/** A table of fields, or a sentence when there are none. */
export const fieldTable = (
  json: Json,
  shapes: Shapes,
  comments: ReadonlyMap<string, string>,
  without: ReadonlyArray<string> = []
): string => {
  const rows = Object.entries(json.properties ?? {}).filter(([name]) => !without.includes(name))
  if (rows.length === 0) return ""
  const said = rows.some(([name]) => comments.has(name))
  const lines = rows.map(([name, field]) => {
    const optional = json.required?.includes(name) ? "" : "?"
    const meaning = said ? ` ${cell(comments.get(name) ?? "")} |` : ""
    return `| \`${name}${optional}\` | \`${cell(typeOf(field, shapes))}\` |${meaning}`
  })
  return [`| field | type |${said ? " |" : ""}`, `|---|---|${said ? "---|" : ""}`, ...lines, ""].join("\n")
}
