/** What a schema says of a value, in words for people: what is unknown and what was meant, what came and what to write. */
import * as Schema from "effect/Schema"
import { notYet, unknownField } from "../../task/unknown-field.ts"

export type Path = ReadonlyArray<PropertyKey>
/** What a place is called by those who are told of it. */
export type NameOf = (path: Path) => string
export const dotted: NameOf = (path) => path.map(String).join(".")

/** As a schema tells it. */
interface Issue {
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
  readonly message: string
}
export const pathOf = ({ path = [] }: Issue): Path => path.map((part) => (typeof part === "object" ? part.key : part))

const types: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  object: "a mapping",
  array: "a list",
  boolean: "true or false",
  bigint: "a bigint",
  function: "a function",
  symbol: "a symbol",
  "an integer": "a whole number"
}
/** Of whatever realm: no mapping, though JavaScript calls it an object. */
const kinds: Readonly<Record<string, string>> = { Date: "a date", Uint8Array: "bytes" }
const kindOf = (value: unknown) => {
  if (value === null) return "nothing"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "boolean") return "a boolean"
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1)
  if (typeof value === "object" && kind !== "Object") return kinds[kind] ?? `a value of the kind ${kind}`
  return types[typeof value] ?? "nothing"
}

/** `Expected string | null` of a boolean: what came, and what to write. */
const wrongType = (message: string, value: unknown): string | undefined => {
  const [, found] = /^Expected ((?:string|number|object|array|boolean|an integer|null| \| )+)$/.exec(message) ?? []
  if (found === undefined) return undefined
  const wanted = found.split(" | ").filter((type) => type !== "null")
  const isPlain = typeof value === "boolean" || typeof value === "number"
  const mend = isPlain && wanted.includes("string") && !wanted.includes("number") ? ": put it into quotes" : ""
  return `expected ${wanted.map((type) => types[type] ?? type).join(" or ")}, got ${typeof value === "number" ? value : kindOf(value)}${mend}`
}

/** Of what an object throws while it is looked at, its stack would follow. */
const withoutStack = (message: string) => message.replace(/\n {4}at .*/s, "")

/** What is wrong with a value, or in it. */
export const inWords = (schema: Schema.Top, issue: Issue, whole: unknown, nameOf: NameOf = dotted): string => {
  const path = pathOf(issue)
  const { message } = issue
  const [name, parent] = [nameOf(path), nameOf(path.slice(0, -1))]
  if (message === "Expected no excess property") return unknownField(schema, path.map(String), parent)
  if (message === "Missing key") {
    const own = parent === "" ? name : name.slice(parent.length + 1)
    return `'${own}'${parent === "" ? "" : ` in ${parent}`} is missing.`
  }
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], whole)
  const plain = notYet(path.map(String), value) ?? wrongType(message, value) ?? withoutStack(message).replace("Expected", "expected")
  return `${name === "" ? "" : `${name}: `}${plain}`
}

/** The first thing that is wrong with a value, and where; undefined for none. */
export const problemIn = (schema: Schema.Top, value: unknown, nameOf?: NameOf) => {
  const standard = Schema.toStandardSchemaV1(schema as Schema.Codec<unknown>, { parseOptions: { onExcessProperty: "error" } })
  const checked = standard["~standard"].validate(value)
  if (checked instanceof Promise) throw new Error("a schema became asynchronous")
  const [issue] = checked.issues ?? []
  return issue && { path: pathOf(issue), message: inWords(schema, issue, value, nameOf) }
}

/** With the point that ends it. */
export const ended = (sentence: string): string => (/[.?]$/.test(sentence) ? sentence : `${sentence}.`)
