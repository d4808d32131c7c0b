/** What a schema says of a task's fields, in words for people: what is unknown and what was meant, what came and what to write. */
import { didYouMean } from "../../task/names.ts"
import { Resources } from "../../task/Resources.ts"
import { Service } from "../../task/Service.ts"
import { Storage } from "../../task/Storage.ts"
import { TaskFields } from "../../task/Task.ts"
import type { Path } from "./document.ts"

/** SkyPilot's fields that this version does not know. */
const later: ReadonlySet<string> = new Set(
  "storage volumes network_tier local_disk priority pool workspace file_mounts_mapping max_hourly_cost tls load_balancing_policy".split(" ")
)

/** The fields that may stand at a place. */
const knownAt = (path: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [top, ...inner] = path
  if (top === undefined) return Object.keys(TaskFields.fields)
  if (top === "resources") return Object.keys(Resources.fields)
  if (top === "file_mounts" && inner.length === 1) return Object.keys(Storage.fields)
  if (top === "service" && inner.length === 0) return Object.keys(Service.fields)
  return []
}

/** The field that is nearly written so, or those of which it is a part: `disk` may be `disk_size` or `disk_tier`. */
const nearOf = (name: string, fields: ReadonlyArray<string>): ReadonlyArray<string> => {
  const near = fields.includes(name) ? name : didYouMean(name, fields)
  return near === undefined ? fields.filter((field) => field.split("_").includes(name)) : [near]
}

const types: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  object: "a mapping",
  array: "a list",
  boolean: "true or false",
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
  const name = names.at(-1) ?? ""
  const parents = names.slice(0, -1)
  const where = parents.length === 0 ? "" : ` in ${parents.join(".")}`
  if (message === "Expected no excess property") {
    if (later.has(name)) return `field '${name}'${where} is not supported yet.`
    const here = nearOf(name, knownAt(parents))
    const near = here.length > 0 || parents.length > 0 ? here : nearOf(name, knownAt(["resources"])).map((field) => `resources.${field}`)
    return `unknown field '${name}'${where}.${near.length > 0 ? ` Did you mean ${near.map((field) => `'${field}'`).join(" or ")}?` : ""}`
  }
  if (message === "Missing key") return `'${name}'${where} is missing.`
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], fields)
  const plain = wrongType(message, value) ?? message.replace("Expected", "expected")
  return `${names.length > 0 ? `${names.join(".")}: ` : ""}${plain}`
}
