/**
 * What `agent.cjs receive` is told before any bytes: one line that says where to, then lines of many entries each, all of it JSON. Nothing
 * of it is believed: whoever sends, no path leaves the target, goes through anything but a folder of the list, or comes twice.
 */
import { named, raw } from "./calls.ts"
import type { FileEntry } from "./FileEntry.ts"
import type { Input } from "./Input.ts"
import { refused } from "./MachineError.ts"
import type { NodeRef } from "./shapes.ts"

export const receiveVersion = 2
const entriesMax = 1_000_000
/** A line takes in entries up to that: every byte of them written out, and the last at its longest, is less than it may have. */
const lineUsualChars = 32 * 1024
const lineMaxBytes = 256 * 1024
const headerMaxBytes = 64 * 1024
/** Of an entry, beside its path and where it points. */
const aroundChars = 48
const modeMax = 0o7777

export interface Header {
  readonly version: number
  readonly node: NodeRef
  /** Relative to the node's home, or absolute. */
  readonly target: string
  /** The only entry is one file, which is called so at the target. */
  readonly lone: boolean
  /** How many follow. */
  readonly entries: number
}

/** Kind, path, mode; then of a file its size and time, of a link where it points. */
type Told = readonly ["f", string, number, number, number] | readonly ["d", string, number] | readonly ["l", string, number, string]

const tell = ({ kind, mode, mtimeMs, path, size, target = "" }: FileEntry): Told =>
  kind === "file" ? ["f", path, mode, size, mtimeMs] : kind === "folder" ? ["d", path, mode] : ["l", path, mode, target]

export function* linesOf(entries: ReadonlyArray<FileEntry>): Generator<string> {
  for (let at = 0; at < entries.length; ) {
    const told: Array<Told> = []
    for (let chars = 0; at < entries.length && chars < lineUsualChars; at++) {
      const { path, target = "" } = entries[at]!
      chars += path.length + target.length + aroundChars
      told.push(tell(entries[at]!))
    }
    yield `${JSON.stringify(told)}\n`
  }
}

const bad = (what: string) => refused("BadManifest", `What came is no list of files: ${what}.`)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw bad("a line is no JSON")
  }
}

const isWhole = (value: unknown, most = Number.MAX_SAFE_INTEGER): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most

/** Spelled in the one way that there is: names that are no UTF-8 have more. */
const isText = (value: unknown): value is string => {
  if (typeof value !== "string" || value === "" || value.includes("\0")) return false
  if (value.isWellFormed()) return true
  const bytes = raw(value)
  return typeof bytes === "string" || named(bytes) === value
}

const isBelow = (path: string): boolean => !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path)

const entryOf = (told: unknown): FileEntry => {
  const [kind, path, mode, fourth, fifth] = Array.isArray(told) ? (told as ReadonlyArray<unknown>) : []
  if (!isText(path)) throw bad("an entry has no path")
  if (!isBelow(path)) throw bad(`${JSON.stringify(path)} is no path below the target`)
  if (!isWhole(mode, modeMax)) throw bad(`${JSON.stringify(path)} has no mode`)
  if (kind === "d") return { path, kind: "folder", mode, size: 0, mtimeMs: 0 }
  if (kind === "l" && isText(fourth)) return { path, kind: "link", mode, size: 0, mtimeMs: 0, target: fourth }
  if (kind === "f" && isWhole(fourth) && Number.isFinite(fifth)) return { path, kind: "file", mode, size: fourth, mtimeMs: fifth as number }
  throw bad(`${JSON.stringify(path)} is no file, folder or link`)
}

export const readHeader = (input: Input): Header => {
  const header = parse(input.line(headerMaxBytes)) as Partial<Header> | null
  if (header?.version !== receiveVersion) throw refused("OtherVersion", "The agent on the machine is of another version.")
  const { entries, lone, node, target } = header
  if (typeof node?.node !== "string" || typeof target !== "string" || typeof lone !== "boolean")
    throw bad("its first line says not where to")
  if (!isWhole(entries, entriesMax)) throw bad(`it has more than ${entriesMax} entries`)
  return { version: receiveVersion, node, target, lone, entries }
}

export const readEntries = (input: Input, { entries: count, lone }: Header): ReadonlyArray<FileEntry> => {
  const kinds = new Map<string, FileEntry["kind"]>()
  const entries: Array<FileEntry> = []
  while (entries.length < count) {
    const told = parse(input.line(lineMaxBytes))
    if (!Array.isArray(told) || told.length === 0 || told.length > count - entries.length) throw bad("a line has not what was announced")
    for (const each of told) {
      const entry = entryOf(each)
      const { kind, path } = entry
      const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")))
      if (kinds.has(path)) throw bad(`${JSON.stringify(path)} comes twice`)
      if (parent !== "" && kinds.get(parent) !== "folder") throw bad(`${JSON.stringify(path)} is below what is no folder of the list`)
      kinds.set(path, kind)
      entries.push(entry)
    }
  }
  const isLone = entries.length === 1 && entries[0]!.kind === "file" && !entries[0]!.path.includes("/")
  if (lone && !isLone) throw bad("it is to be one file and is not")
  return entries
}
