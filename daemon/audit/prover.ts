/**
 * The program of a thread that reads and proves pages of a log: provers.ts. Its schemas are compiled to code, which must be said before
 * they are made.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { parentPort } from "node:worker_threads"
import { unpack } from "../log/chain.ts"
import type { Stored } from "../log/LogStore.ts"
import { type Db, dbIn, pageOf } from "../log/level-events.ts"
import { proveRun } from "./prove-run.ts"
import type { Answer, Asked, Begin, Block } from "./provers.ts"

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const blockOf = (values: ReadonlyArray<Stored>): Block => {
  const ends = new Uint32Array(values.length)
  const bytes = new Uint8Array(values.reduce((size, { value }) => size + value.length, 0))
  let end = 0
  for (const [i, { value }] of values.entries()) {
    bytes.set(value, end)
    end += value.length
    ends[i] = end
  }
  return { bytes, ends }
}

const opened = async (location: string) => {
  const db = dbIn(location)
  await db.open({ createIfMissing: false, multithreading: true })
  return db
}

/** `undefined`: something of it is not sound, or cannot be read. */
const answer = async (db: Db, { isKept, said }: Begin, { at, to }: Asked): Promise<Answer> => {
  const page = await pageOf(db, Math.max(at, 1), to)
  const before = at === 0 ? undefined : unpack(page[0]!.value)!.hash
  const values = at === 0 ? page : page.slice(1)
  const head = said && { ...said, hash: bufferOf(said.hash) }
  const proven = proveRun({ said: head, at, hash: before, values })
  if (proven.head === null || proven.damage !== null) return undefined
  return { before: before?.toString("hex"), proven, block: isKept ? blockOf(values) : undefined }
}

let begin: Begin
let db: Promise<Db>
parentPort?.on("message", async (message: Begin | Asked) => {
  if ("location" in message) {
    begin = message
    db = opened(begin.location)
    db.catch(() => {})
    return
  }
  const said = await db.then((open) => answer(open, begin, message)).catch(() => undefined)
  parentPort?.postMessage([message.at, said], said?.block === undefined ? [] : [said.block.bytes.buffer as ArrayBuffer])
})
