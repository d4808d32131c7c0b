/**
 * Reads a task file. Every complaint names file and line; unknown fields come with the nearest known one.
 * YAML 1.2, core schema: `no` and `on` are words. Numbers in `envs` stay as they are written.
 */
import { readFileSync, statSync } from "node:fs"
import * as Schema from "effect/Schema"
import { type Document, isMap, isScalar, LineCounter, type Node, parseAllDocuments, type YAMLMap } from "yaml"
import { didYouMean, envNamePattern } from "../../task/names.ts"
import { Resources } from "../../task/Resources.ts"
import { Task } from "../../task/Task.ts"
import { usageError } from "../render/error.ts"
import type { Draft } from "./options.ts"

const fileMaxBytes = 1024 * 1024
const aliasesMax = 100

/** SkyPilot's fields that this version does not know yet. */
const later: ReadonlySet<string> = new Set(
  `file_mounts storage service ports region zone instance_type use_spot spot_recovery job_recovery disk_size disk_tier image_id any_of ordered
   accelerator_args inputs outputs event_callback experimental config secrets volumes labels network_tier autostop priority pool workspace
   file_mounts_mapping local_disk infra`.split(/\s+/)
)

const known: Record<string, ReadonlyArray<string>> = { "": Object.keys(Task.fields), resources: Object.keys(Resources.fields) }

const standard = Schema.toStandardSchemaV1(Task, { parseOptions: { errors: "all", onExcessProperty: "error" } })

type Path = ReadonlyArray<PropertyKey>
/** Says what is wrong at a place of the file. */
type Complain = (path: Path, message: string) => Error

const complainer = (file: string, document: Document, lines: LineCounter): Complain => {
  return (path, message) => {
    let node: unknown = document.contents
    let offset = 0
    for (const key of path) {
      const pair = isMap(node)
        ? node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === String(key))
        : undefined
      if (pair === undefined) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    }
    const line = path.length > 0 ? `, line ${lines.linePos(offset).line}` : ""
    return usageError(`${file}${line}: ${message}`)
  }
}

/** A field of resources that stands outside of them, by its own name or nearly. */
const nestedNear = (name: string): string | undefined => {
  const fields = known["resources"] ?? []
  const near = fields.includes(name) ? name : didYouMean(name, fields)
  return near && `resources.${near}`
}

const types: Readonly<Record<string, string>> = { string: "text", number: "a number", object: "a mapping" }
const kindOf = (value: unknown) =>
  Array.isArray(value) ? "a list" : typeof value === "boolean" ? "a boolean" : (types[typeof value] ?? "nothing")

/** `Expected string | null` of a boolean: what came, and what to write. */
const wrongType = (message: string, value: unknown): string | undefined => {
  const [, found] = /^Expected ((?:string|number|object|null| \| )+)$/.exec(message) ?? []
  if (found === undefined) return undefined
  const wanted = found.split(" | ").filter((type) => type !== "null")
  const isPlain = typeof value === "boolean" || typeof value === "number"
  const mend = isPlain && wanted.includes("string") && !wanted.includes("number") ? ": put it into quotes" : ""
  return `expected ${wanted.map((type) => types[type]).join(" or ")}, got ${kindOf(value)}${mend}`
}

const inWords = (path: Path, message: string, task: unknown): string => {
  const name = String(path.at(-1) ?? "")
  const parent = path.slice(0, -1).map(String).join(".")
  const where = parent === "" ? "" : ` in ${parent}`
  if (message === "Expected no excess property") {
    if (later.has(name)) return `field '${name}'${where} is not supported yet.`
    const inside = parent === "" ? nestedNear(name) : undefined
    const near = didYouMean(name, known[parent] ?? []) ?? inside
    return `unknown field '${name}'${where}.${near ? ` Did you mean '${near}'?` : ""}`
  }
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], task)
  const plain = wrongType(message, value) ?? message.replace("Expected", "expected")
  return `${path.length > 0 ? `${path.map(String).join(".")}: ` : ""}${plain}`
}

/** As they are written, so that `1.10` and `007` stay what they are. */
const readEnvs = (node: unknown, complain: Complain): Record<string, string | null> | undefined => {
  if (node === undefined || node === null || (isScalar(node) && node.value === null)) return undefined
  if (!isMap(node)) throw complain(["envs"], "envs: expected a mapping of names to values.")
  const envs: Record<string, string | null> = {}
  for (const { key, value } of (node as YAMLMap<Node, Node | null>).items) {
    const name = String(isScalar(key) ? key.value : key)
    if (!envNamePattern.test(name)) throw complain(["envs", name], `'${name}' is no name for an env: letters, digits and _ only.`)
    if (value !== null && !isScalar(value)) throw complain(["envs", name], `env '${name}': expected a plain value.`)
    if (value === null || value.value === null) envs[name] = null
    else envs[name] = typeof value.value === "string" ? value.value : (value.source ?? String(value.value))
  }
  return envs
}

const read = (path: string): string => {
  const { size } = statSync(path)
  if (size > fileMaxBytes) throw usageError(`${path} is larger than 1 MiB: that is no task.`)
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw usageError(
      `${path} cannot be read${code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? ": it is not UTF-8 text" : `: ${code ?? cause}`}.`
    )
  }
}

/** Undefined only when the file is not named as YAML and is no mapping: then it is a program to run. */
export const loadTask = (file: string, named: boolean): Draft | undefined => {
  if (!named && statSync(file).size > fileMaxBytes) return undefined
  const text = read(file)
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { schema: "core", merge: true, lineCounter: lines, prettyErrors: false })
  const [document] = documents
  if (!named && !(Array.isArray(documents) && documents.length === 1 && isMap(document?.contents) && document.errors.length === 0))
    return undefined
  if (!Array.isArray(documents) || document === undefined) throw usageError(`${file} is empty.`, "A task needs at least: run: COMMAND")
  const [problem] = document.errors
  if (problem !== undefined) {
    const key = problem.code === "DUPLICATE_KEY" ? /^[^:\n]*/.exec(text.slice(problem.pos[0]))?.[0].trim() : undefined
    const deep = problem.code === "RESOURCE_EXHAUSTION" && "it is nested too deeply: a task is a few levels deep."
    const what = deep || (key === undefined ? problem.message : `'${key}' is there twice.`)
    throw usageError(`${file}, line ${lines.linePos(problem.pos[0]).line}: ${what}`)
  }
  const odd = document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED")
  if (odd !== undefined) {
    const tag = odd.message.replace(/^Unresolved tag: /, "").replace("tag:yaml.org,2002:", "!!")
    throw usageError(
      `${file}, line ${lines.linePos(odd.pos[0]).line}: unknown tag '${tag}'.`,
      "A task holds plain values: write it without the tag."
    )
  }
  if (documents.length > 1)
    throw usageError(`${file} holds ${documents.length} documents: pipelines are not supported yet, one task a file.`)
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null))
    throw usageError(`${file} is empty.`, "A task needs at least: run: COMMAND")
  if (!isMap(contents))
    throw usageError(
      `${file} holds ${isScalar(contents) ? "plain text" : "a list"}, not the fields of a task.`,
      "To run text as a command, write: run: COMMAND"
    )

  const complain = complainer(file, document, lines)
  const envs = readEnvs(contents.get("envs", true), complain)
  let value: Record<string, unknown>
  try {
    value = document.toJS({ maxAliasCount: aliasesMax }) as Record<string, unknown>
  } catch (cause) {
    throw usageError(`${file}: ${(cause as Error).message}.`)
  }
  const { envs: _, ...fields } = value
  const checked = standard["~standard"].validate(fields)
  if (checked instanceof Promise) throw new Error("the task's schema became asynchronous")
  const [issue, ...others] = checked.issues ?? []
  if (issue !== undefined) {
    const keys = (path: typeof issue.path) => (path ?? []).map((part) => (typeof part === "object" ? part.key : part))
    const first = complain(keys(issue.path), inWords(keys(issue.path), issue.message, fields))
    const rest = others.map(({ path, message }) => complain(keys(path), inWords(keys(path), message, fields)).message)
    throw usageError([first.message, ...rest].join("\n"))
  }
  return { ...(fields as Draft), ...(envs === undefined ? {} : { envs }) }
}
