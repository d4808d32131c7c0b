/**
 * `HEAD`, the witness beside the store: "the log of this id reaches at least this far, and its hash is this there". LevelDB opens a
 * damaged or emptied store without a word; what this file says shows it.
 *
 * Two slots, 4 KiB apart, written in turn: a write that is torn leaves the other. A slot is one line of text, its own sha256 last, and
 * fits a disk sector.
 */
import { createHash } from "node:crypto"
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { genesis } from "./chain.ts"

export interface Head {
  /** The log's id, a ULID. */
  readonly log: string
  /** 0: nothing was written yet. */
  readonly seq: number
  /** The raw hash of that event; of none, what the chain begins with. */
  readonly hash: Buffer
}

export const slotBytes = 4096
const lineBytes = 512

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex")

export const printHead = ({ hash, log, seq }: Head): Buffer => {
  const text = `skyd 1 ${log} ${seq} ${hash.toString("hex")}`
  return Buffer.from(`${text} ${digestOf(text)}\n`.padEnd(lineBytes))
}

const linePattern = /^(skyd 1 ([0-9A-HJKMNP-TV-Z]{26}) ([0-9]{1,16}) ([0-9a-f]{64})) ([0-9a-f]{64})\n *$/

/** `undefined` when the slot is not what was written. */
const parseHead = (slot: Buffer): Head | undefined => {
  const [, text, log, seq, hash, digest] = linePattern.exec(slot.toString("latin1", 0, lineBytes)) ?? []
  return text === undefined || digestOf(text) !== digest ? undefined : { log: log!, seq: Number(seq), hash: Buffer.from(hash!, "hex") }
}

/**
 * The newer of the two slots and which it is; `torn` when neither is what was written. Whatever else has its name is not opened: a pipe
 * would hang.
 */
export const readHead = (path: string): { readonly head: Head; readonly slot: 0 | 1 } | "missing" | "torn" => {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return "missing"
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return "torn"
  const bytes = readFileSync(path)
  const first = parseHead(bytes.subarray(0, lineBytes))
  const second = parseHead(bytes.subarray(slotBytes, slotBytes + lineBytes))
  if (first === undefined && second === undefined) return "torn"
  if (second === undefined || (first !== undefined && first.seq >= second.seq)) return { head: first!, slot: 0 }
  return { head: second, slot: 1 }
}

export const syncFolder = (folder: string) => {
  const fd = openSync(folder, "r")
  fsyncSync(fd)
  closeSync(fd)
}

/** On disk before it returns, with its folder. Of two that make it at once the first wins, and both go on with that one. */
export const createHead = (path: string, head: Head): void => {
  const fresh = `${path}.${process.pid}`
  const fd = openSync(fresh, "w", 0o600)
  try {
    const file = Buffer.alloc(2 * slotBytes)
    for (const at of [0, slotBytes]) printHead(head).copy(file, at)
    writeSync(fd, file)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  try {
    linkSync(fresh, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
  } finally {
    rmSync(fresh, { force: true })
  }
  syncFolder(dirname(path))
}

export const emptyHead = (log: string): Head => ({ log, seq: 0, hash: genesis(log) })
