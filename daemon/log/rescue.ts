/**
 * Events that a table still yields where it is not what was written. Nothing of them is trusted: each is worth what the chain says of it,
 * and that proves all that stand before the first byte that was hit.
 */
import { hitBlocks, Reader } from "./blocks.ts"
import type { Stored } from "./LogStore.ts"

/** In memory, of one store. */
const rescuedMaxBytes = 64 * 1024 * 1024
/** A key of ours in LevelDB: behind it stand eight bytes, the first of which says that it has a value. */
const eventKey = /^e\/(\d{16})\u0001.{7}$/s

/** Of a longer key no more is needed: it is none of an event, and the next one has no more in common with it. */
const keyMaxChars = 27

type Pages = AsyncGenerator<ReadonlyArray<Stored>>

export class Rescued {
  private readonly values = new Map<number, Buffer>()
  private bytes = 0
  private lastSeq = 0

  add(table: Buffer): void {
    for (const block of hitBlocks(table)) for (const { seq, value } of eventsIn(block)) this.keep(seq, Buffer.from(value))
  }

  private keep(seq: number, value: Buffer): void {
    if (this.values.has(seq) || this.bytes + value.length > rescuedMaxBytes) return
    this.values.set(seq, value)
    this.bytes += value.length
    this.lastSeq = Math.max(this.lastSeq, seq)
  }

  has(seq: number): boolean {
    return this.values.has(seq)
  }

  /** Those that follow from `from` on, each after the other. */
  private run(from: number, to: number): ReadonlyArray<Stored> {
    const run: Array<Stored> = []
    for (let seq = from; seq < to; seq++) {
      const value = this.values.get(seq)
      if (value === undefined) break
      run.push({ seq, value })
    }
    return run
  }

  /** What LevelDB says of an event, or what was rescued of it. */
  async value(seq: number, read: Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    try {
      return (await read) ?? this.values.get(seq)
    } catch (cause) {
      const value = this.values.get(seq)
      if (value === undefined) throw cause
      return value
    }
  }

  /** What LevelDB says is the last event, or what was rescued behind it. */
  async last(read: Promise<Stored | undefined>): Promise<Stored | undefined> {
    const value = this.values.get(this.lastSeq)
    if (value === undefined) return read
    const found = await read.catch(() => undefined)
    return found !== undefined && found.seq > this.lastSeq ? found : { seq: this.lastSeq, value }
  }

  /** What LevelDB gives, with what it leaves out in between. */
  fill(pages: Pages, from: number): Pages {
    return this.values.size === 0 ? pages : this.filled(pages, from)
  }

  private async *filled(pages: Pages, from: number): Pages {
    let next = from
    let failed: { readonly cause: unknown } | undefined
    try {
      for await (const page of pages) {
        yield page.flatMap((stored) => {
          const missed = this.run(next, stored.seq)
          next = stored.seq + 1
          return [...missed, stored]
        })
      }
    } catch (cause) {
      failed = { cause }
    }
    const rest = this.run(next, Number.POSITIVE_INFINITY)
    if (rest.length > 0) yield rest
    if (failed !== undefined) throw failed.cause
  }
}

/** What a key has in common with the one before it is not stored. What is behind the last entry makes no key of ours. */
function* eventsIn(block: Buffer): Generator<Stored> {
  const reader = new Reader(block)
  for (let key = ""; reader.at < block.length; ) {
    const [shared, own, length] = [reader.number(), reader.number(), reader.number()] as const
    key = `${key.slice(0, shared)}${reader.take(own).toString("latin1", 0, keyMaxChars)}`.slice(0, keyMaxChars)
    const value = reader.take(length)
    const seq = eventKey.exec(key)?.[1]
    if (seq !== undefined) yield { seq: Number(seq), value }
  }
}
