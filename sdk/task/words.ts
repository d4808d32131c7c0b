/** What a schema says of a task's fields, in words for people: what is unknown and what was meant, what came and what to write. */
import { TaskFields } from "../../task/Task.ts"
import { notYet, unknownField } from "../../task/unknown-field.ts"
import type { Path } from "./document.ts"

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
const kindOf = (value: unknown) =>
  Array.isArray(value) ? "a list" : typeof value === "boolean" ? "a boolean" : (types[typeof value] ?? "nothing")

/** `Expected string | null` of a boolean: what came, and what to write. */
const wrongType = (message: string, value: unknown): string | undefined => {
  const [, found] = /^Expected ((?:string|number|object|array|boolean|an integer|null| \| )+)$/.exec(message) ?? []
  if (found === undefined) return undefined
  const wanted = found.split(" | ").filter((type) => type !== "null")
  const isPlain = typeof value === "boolean" || typeof value === "number"
  const mend = isPlain && wanted.includes("string") && !wanted.includes("number") ? ": put it into quotes" : ""
  return `expected ${wanted.map((type) => types[type] ?? type).join(" or ")}, got ${typeof value === "number" ? value : kindOf(value)}${mend}`
}

export const inWords = (path: Path, message: string, fields: unknown): string => {
  const names = path.map(String)
  if (message === "Expected no excess property") return unknownField(TaskFields, names)
  if (message === "Missing key") {
    const parents = names.slice(0, -1)
    return `'${names.at(-1)}'${parents.length === 0 ? "" : ` in ${parents.join(".")}`} is missing.`
  }
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], fields)
  const plain = notYet(names, value) ?? wrongType(message, value) ?? message.replace("Expected", "expected")
  return `${names.length > 0 ? `${names.join(".")}: ` : ""}${plain}`
}
