/**
 * Which blocks of a LevelDB table are not what was written. LevelDB believes what it reads there, and ends the process where that makes
 * no sense to it. A table is its blocks of keys and values, one that filters, one that leads to that (the meta index), one that leads to
 * the first (the index), and a footer that leads to the last two. Each block ends with its type and a checksum; nothing is in between.
 */
import { begun, crc32c, ended, masked, step } from "./crc32c.ts"

const footerBytes = 48
const trailerBytes = 5
const magic = Buffer.from("57fb808b247547db", "hex")
const plain = 0
const snappy = 1
/** More than a block can hold: it ends with the event that makes it longer than 4 KiB. */
const blockMaxBytes = 1024 * 1024
/** A block of a type that LevelDB does not know is one that it refuses to read. */
const unknown = 0xff

interface Block {
  readonly from: number
  /** Where its type stands, and behind that its checksum. */
  readonly to: number
}

/** Reads on from `at`; what is beyond the end is not a number. */
export class Reader {
  readonly bytes: Buffer
  at: number
  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.at = at
  }
  number(): number {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = this.bytes[this.at++] ?? Number.NaN
      value += (byte % 128) * unit
      if (!(byte >= 128)) return value
    }
  }
  block(): Block {
    const from = this.number()
    return { from, to: from + this.number() }
  }
  take(count: number): Buffer {
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }
}

/** As far as it makes sense. */
const unpacked = (packed: Buffer): Buffer => {
  const reader = new Reader(packed)
  const out = Buffer.alloc(Math.min(reader.number() || 0, blockMaxBytes))
  let at = 0
  while (reader.at < packed.length && at < out.length) {
    const tag = packed[reader.at++]!
    const [kind, high] = [tag & 3, tag >> 2]
    const number = (bytes: number) => (reader.at + bytes > packed.length ? Number.NaN : reader.take(bytes).readUIntLE(0, bytes))
    if (kind === 0) {
      at += reader.take(1 + (high < 60 ? high : number(high - 59))).copy(out, at)
      continue
    }
    const length = 1 + (kind === 1 ? 3 + (high & 7) : high)
    const back = kind === 1 ? ((tag >> 5) << 8) | number(1) : number(kind === 2 ? 2 : 4)
    if (!(back > 0 && back <= at)) break
    // It may repeat what it is just writing.
    for (const end = at + length; at < end; at++) out[at] = out[at - back]!
  }
  return out.subarray(0, at)
}

/** What an index leads to: its values; the keys are of no use here. */
const ledTo = (table: Buffer, { from, to }: Block): ReadonlyArray<Block> => {
  const type = table[to]
  if (type !== plain && type !== snappy) throw new RangeError(`a block of type ${type}`)
  const stored = table.subarray(from, to)
  const index = type === snappy ? unpacked(stored) : stored
  const restarts = index.readUInt32LE(index.length - 4)
  const reader = new Reader(index)
  const blocks: Array<Block> = []
  for (const end = index.length - 4 - 4 * restarts; reader.at < end; ) {
    const [, key, value] = [reader.number(), reader.number(), reader.number()] as const
    reader.take(key)
    blocks.push(new Reader(reader.take(value)).block())
  }
  return blocks
}

const isSound = (table: Buffer, { from, to }: Block): boolean =>
  from <= to && to + trailerBytes <= table.length - footerBytes && masked(crc32c(table, from, to + 1)) === table.readUInt32LE(to + 1)

/** One that was cut, or made longer, does not. */
export const endsAsTable = (table: Buffer): boolean => table.length >= footerBytes && table.subarray(-magic.length).equals(magic)

/** The blocks that are not what was written; `undefined` where it cannot be told which ones there are. */
const badBlocks = (table: Buffer): ReadonlyArray<Block> | undefined => {
  if (!endsAsTable(table)) return undefined
  const footer = new Reader(table, table.length - footerBytes)
  const [meta, index] = [footer.block(), footer.block()] as const
  if (!isSound(table, index)) return undefined
  const blocks = [...ledTo(table, index)]
  const end = (blocks.at(-1)?.to ?? -trailerBytes) + trailerBytes
  if (meta.from > end) blocks.push({ from: end, to: meta.from - trailerBytes })
  blocks.push(meta)
  const isWhole = [...blocks, index].every(({ from, to }, i, all) => from === (i === 0 ? 0 : all[i - 1]!.to + trailerBytes) && from <= to)
  if (!isWhole || index.to + trailerBytes + footerBytes !== table.length) return undefined
  return blocks.filter((block) => !isSound(table, block))
}

/** The table so that LevelDB reads what is sound of it, and says of all else that it cannot; `undefined`: all of it is sound. */
export const readable = (table: Buffer): Buffer | undefined => {
  const bad = badBlocks(table)
  if (bad === undefined) return Buffer.alloc(table.length)
  if (bad.length === 0) return undefined
  const copy = Buffer.from(table)
  for (const { to } of bad) copy[to] = unknown
  return copy
}

/** Where no index leads to them: one after the other, each up to the checksum that is its own; last what has none. */
function* inTurn(table: Buffer): Generator<Block> {
  let from = 0
  for (let to = 0, sum = begun; to + trailerBytes <= table.length; to++) {
    sum = step(sum, table[to]!)
    if (masked(ended(sum)) !== table.readUInt32LE(to + 1)) continue
    yield { from, to }
    from = to + trailerBytes
    to = from - 1
    sum = begun
  }
  yield { from, to: table.length }
}

/** What stands in the blocks of a table that `readable` keeps from LevelDB. */
export function* hitBlocks(table: Buffer): Generator<Buffer> {
  for (const { from, to } of badBlocks(table) ?? inTurn(table)) {
    const stored = table.subarray(from, to)
    const type = table[to]
    if (type !== snappy) yield stored
    if (type !== plain) yield unpacked(stored)
  }
}
