/**
 * What `agent.cjs receive` is told before any bytes: one line that says where to, then a line for each entry, all of it JSON. Nothing of it
 * is believed: whoever sends, no path leaves the target, goes through anything but a folder of the list, or comes twice.
 */
import type { FileEntry } from "./FileEntry.ts"
import type { Input } from "./Input.ts"
import { refused } from "./MachineError.ts"
import type { NodeRef } from "./shapes.ts"

export const receiveVersion = 1
const entriesMax = 1_000_000
/** A path and where a link points, both at their longest, every byte written out. */
const lineMaxBytes = 64 * 1024
const modeMax = 0o7777

export interface Header {
  readonly version: number
  readonly node: NodeRef
  /** Relative to the node's home, or absolute. */
  readonly target: string
  /** The only entry is one file, which is called so at the target. */
  readonly lone: boolean
  /** How many lines follow. */
  readonly entries: number
}

/** Kind, path, mode; then of a file its size and time, of a link where it points. */
type Line = readonly ["f", string, number, number, number] | readonly ["d", string, number] | readonly ["l", string, number, string]

export const lineOf = ({ kind, mode, mtimeMs, path, size, target = "" }: FileEntry): string => {
  const line: Line = kind === "file" ? ["f", path, mode, size, mtimeMs] : kind === "folder" ? ["d", path, mode] : ["l", path, mode, target]
  return `${JSON.stringify(line)}\n`
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

const isText = (value: unknown): value is string => typeof value === "string" && value !== "" && !value.includes("\0")

export const isBelow = (path: string): boolean => path.split("/").every((name) => name !== "" && name !== "." && name !== "..")

const entryOf = (line: unknown): FileEntry => {
  const [kind, path, mode, fourth, fifth] = Array.isArray(line) ? (line as ReadonlyArray<unknown>) : []
  if (!isText(path)) throw bad("an entry has no path")
  if (!isBelow(path)) throw bad(`${JSON.stringify(path)} is no path below the target`)
  if (!isWhole(mode, modeMax)) throw bad(`${JSON.stringify(path)} has no mode`)
  const entry = { path, mode, size: 0, mtimeMs: 0 }
  if (kind === "d") return { ...entry, kind: "folder" }
  if (kind === "l" && isText(fourth)) return { ...entry, kind: "link", target: fourth }
  if (kind === "f" && isWhole(fourth) && Number.isFinite(fifth)) return { ...entry, kind: "file", size: fourth, mtimeMs: fifth as number }
  throw bad(`${JSON.stringify(path)} is no file, folder or link`)
}

export const readHeader = async (input: Input): Promise<Header> => {
  const header = parse(await input.line(lineMaxBytes)) as Partial<Header> | null
  if (header?.version !== receiveVersion) throw refused("OtherVersion", "The agent on the machine is of another version.")
  const { entries, lone, node, target } = header
  if (typeof node?.node !== "string" || typeof target !== "string" || typeof lone !== "boolean")
    throw bad("its first line says not where to")
  if (!isWhole(entries, entriesMax)) throw bad(`it has more than ${entriesMax} entries`)
  return { version: receiveVersion, node, target, lone, entries }
}

export const readEntries = async (input: Input, { entries: count, lone }: Header): Promise<ReadonlyArray<FileEntry>> => {
  const kinds = new Map<string, FileEntry["kind"]>()
  const entries: Array<FileEntry> = []
  for (let i = 0; i < count; i++) {
    const entry = entryOf(parse(await input.line(lineMaxBytes)))
    const { kind, path } = entry
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")))
    if (kinds.has(path)) throw bad(`${JSON.stringify(path)} comes twice`)
    if (parent !== "" && kinds.get(parent) !== "folder") throw bad(`${JSON.stringify(path)} is below what is no folder of the list`)
    kinds.set(path, kind)
    entries.push(entry)
  }
  const isLone = entries.length === 1 && entries[0]!.kind === "file" && !entries[0]!.path.includes("/")
  if (lone && !isLone) throw bad("it is to be one file and is not")
  return entries
}
