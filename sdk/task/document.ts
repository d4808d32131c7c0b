/**
 * The text of a task file as plain values, each with its line. YAML 1.2, core schema: `no` and `on` are words, but where a field is
 * a yes or no they mean it, as SkyPilot's users write them. Envs and secrets stay as they are written.
 */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap
} from "yaml"
import { envNamePattern } from "../../task/names.ts"
import { takesBoolean } from "../../task/schema-at.ts"
import { TaskFields } from "../../task/Task.ts"
import type { ClientError } from "../client/ClientError.ts"
import { type Resolved, resolveAliases } from "./aliases.ts"
import { refuse } from "./refuse.ts"
import { type At, makeAt, needsQuotes, refuseSyntax, type Text } from "./syntax.ts"
import type { Path } from "./words.ts"

const tasksMax = 100

/** Says what is wrong at a place of the file. */
export type Complain = (path: Path, message: string, hint?: string | null, tag?: string) => ClientError

/** One task as it is written. */
export interface Source {
  readonly fields: Readonly<Record<string, unknown>>
  readonly complain: Complain
}

export interface Pipeline {
  /** What a first document with only a name calls them. */
  readonly name: string | null
  readonly tasks: ReadonlyArray<Source>
}

const booleanWord = /^(?:(yes|Yes|YES|on|On|ON)|no|No|NO|off|Off|OFF)$/
/** Fields whose values are read as they are written. */
const asWritten = ["envs", "secrets"] as const

const mergeKey = "<<"
const keyOf = (key: unknown) => {
  const name = isScalar(key) ? key.value : key
  return typeof name === "symbol" ? mergeKey : String(name)
}

const isMerge = ({ key }: Pair) => isScalar(key) && typeof key.value === "symbol"

const makeComplain =
  ({ file, lines }: Text, document: Document): Complain =>
  (path, message, hint = null, tag) => {
    let node: unknown = document.contents
    let offset = 0
    for (const key of path) {
      const pair = isMap(node) ? node.items.find((item) => keyOf(item.key) === String(key)) : undefined
      const item = isSeq(node) ? node.items[Number(key)] : undefined
      if (pair === undefined && item === undefined) break
      offset = ((pair?.key ?? item) as Node).range?.[0] ?? offset
      node = pair?.value ?? item
    }
    const line = path.length > 0 ? `, line ${lines.linePos(offset).line}` : ""
    return refuse(`${file}${line}: ${message}`, hint, tag)
  }

/** The parser's own look for keys that are there twice takes a minute for what this does at once. */
const refuseTwice = (map: YAMLMap, at: At) => {
  const names = new Set<string>()
  for (const { key } of map.items) {
    if (!isScalar(key) || key.value === null) throw at(key, "expected a name before the colon: put it into quotes.")
    const name = keyOf(key)
    if (names.has(name)) throw at(key, `'${name}' is there twice.`)
    names.add(name)
  }
}

/** Where a value stands: names and positions from the top. What is merged into a mapping stands in that one. */
const placeOf = (ancestors: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  ancestors.flatMap((node, i) => {
    if (isPair(node)) return isMerge(node) ? [] : [keyOf(node.key)]
    const into = ancestors[i - 1]
    return isSeq(node) && !(isPair(into) && isMerge(into)) ? ["0"] : []
  })

interface Merging {
  readonly resolved: Resolved
  readonly at: At
}

/** The mappings that a merge key brings. */
const mergedBy = ({ value }: Pair, { at, resolved }: Merging): ReadonlyArray<YAMLMap> => {
  const source = resolved(value)
  return (isSeq(source) ? source.items.map(resolved) : [source]).map((each) => {
    if (isMap(each)) return each
    throw at(value, `${mergeKey} takes mappings.`)
  })
}

/** Yes and no where they are meant; a number that begins with a zero, which each version of YAML reads by another base, is refused. */
const settle = (document: Document, of: Merging) => {
  visit(document, {
    Map: (_, map) => refuseTwice(map, of.at),
    Pair: (_, pair: Pair, ancestors) => {
      if (ancestors.length === 2 && asWritten.some((each) => each === keyOf(pair.key))) return visit.SKIP
      if (isMerge(pair)) mergedBy(pair, of)
      return undefined
    },
    Scalar: (key, node, ancestors) => {
      if (key === "key") return
      const { source = "", tag, type, value } = node
      const word = type === "PLAIN" && tag === undefined ? booleanWord.exec(source) : null
      if (word !== null && takesBoolean(TaskFields, placeOf(ancestors))) node.value = word[1] !== undefined
      if (typeof value === "number" && /^[-+]?0[\d_]+$/.test(source))
        throw of.at(
          node,
          `'${source}' is read in two ways, by eight and by ten: write it without the zero in front, or put it into quotes.`
        )
    }
  })
}

/** Entries of a mapping, those that are merged into it last: the first of a name holds. A mapping that was seen adds nothing. */
const entriesOf = (map: YAMLMap, of: Merging, seen = new Set<unknown>()): ReadonlyArray<readonly [name: string, value: unknown]> => {
  if (seen.has(map)) return []
  seen.add(map)
  refuseTwice(map, of.at)
  const merged = map.items.filter(isMerge).flatMap((item) => mergedBy(item, of).flatMap((each) => entriesOf(each, of, seen)))
  return [...map.items.filter((item) => !isMerge(item)).map(({ key, value }) => [keyOf(key), of.resolved(value)] as const), ...merged]
}

const readValues = (map: YAMLMap, field: string, complain: Complain, of: Merging): Record<string, string | null> | null | undefined => {
  const node = of.resolved(map.get(field, true))
  if (node === undefined) return undefined
  if (node === null || (isScalar(node) && node.value === null)) return null
  if (!isMap(node)) throw complain([field], `${field}: expected a mapping of names to values.`)
  const what = field === "envs" ? "env" : "secret"
  const values = new Map<string, string | null>()
  for (const [name, value] of entriesOf(node, of)) {
    if (!envNamePattern.test(name)) throw complain([field, name], `'${name}' is no name for an env: letters, digits and _ only.`)
    if (value !== null && !isScalar(value)) throw complain([field, name], `${what} '${name}': expected a plain value.`)
    if (value?.value === null && value.anchor !== undefined && !value.source) throw of.at(value, `${what} '${name}': ${needsQuotes}`)
    if (values.has(name)) continue
    const plain = value === null ? null : value.value
    values.set(name, plain === null || typeof plain === "string" ? plain : (value?.source ?? String(plain)))
  }
  return Object.fromEntries(values)
}

const isNothing = ({ contents }: Document) => contents === null || (isScalar(contents) && contents.value === null)

const readSource = (whole: Text, document: Document): Source => {
  const { contents } = document
  if (!isMap(contents)) {
    throw refuse(
      `${whole.file} holds ${isScalar(contents) ? "plain text" : "a list"}, not the fields of a task.`,
      "To run text as a command, write: run: COMMAND"
    )
  }
  const complain = makeComplain(whole, document)
  const at = makeAt(whole)
  const merging: Merging = { resolved: resolveAliases(document, at), at }
  settle(document, merging)
  const written = asWritten.map((field) => [field, readValues(contents, field, complain, merging)] as const)
  const fields = document.toJS({ maxAliasCount: -1 }) as Record<string, unknown>
  return { fields: { ...fields, ...Object.fromEntries(written.filter(([, values]) => values !== undefined)) }, complain }
}

const parse = (text: string, lines: LineCounter): ReadonlyArray<Document> => {
  const documents = parseAllDocuments(text, { schema: "core", merge: true, uniqueKeys: false, lineCounter: lines, prettyErrors: false })
  return Array.isArray(documents) ? documents : []
}

/** Whether a text that nothing calls YAML holds one task all the same. */
export const looksLikeTask = (text: string): boolean => {
  const [document, ...others] = parse(text, new LineCounter())
  return others.length === 0 && document !== undefined && isMap(document.contents) && document.errors.length === 0
}

/** Every task of a text; none in an empty one. */
export const readPipeline = (text: string, file: string): Pipeline => {
  const lines = new LineCounter()
  const documents = parse(text, lines)
  if (documents.length > tasksMax) throw refuse(`${file} holds more than ${tasksMax} tasks.`)
  const whole: Text = { file, text, lines }
  for (const document of documents) refuseSyntax(whole, document)
  const [first, ...others] = documents.filter((document) => !isNothing(document)).map((document) => readSource(whole, document))
  if (first === undefined) return { name: null, tasks: [] }
  const names = others.length > 0 && Object.keys(first.fields).join() === "name"
  return names ? { name: (first.fields["name"] as string | null) ?? null, tasks: others } : { name: null, tasks: [first, ...others] }
}
