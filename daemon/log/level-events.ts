/** The events as they stand in LevelDB: their keys, and how they are read in pages. Shared by the store and by threads that read it too. */
import { type IteratorOptions, Level } from "level"
import { digits } from "./digits.ts"
import type { Stored } from "./LogStore.ts"

/** LevelDB hands back at most this much per call; its default of 16 KiB halves the speed of a replay. */
export const highWaterMarkBytes = 1024 * 1024
export const pageEntries = 1000

export type Db = Level<string, Buffer>
export const dbIn = (location: string): Db => new Level<string, Buffer>(location, { keyEncoding: "utf8", valueEncoding: "buffer" })

export const eventKey = (seq: number) => `e/${digits(seq)}`
export const seqOf = (key: string) => Number(key.slice(-16))
const isEventKey = (key: string) => /^e\/\d{16}$/.test(key)
export class ForeignKey extends Error {
  constructor(key: string) {
    super(`The store has the key '${key}', which is none of ours.`)
  }
}

/** The store as of the moment that is to be seen. */
type Seen = Pick<IteratorOptions<string, Buffer>, "snapshot">

const storedIn = (entries: ReadonlyArray<readonly [string, Buffer]>): ReadonlyArray<Stored> =>
  entries.map(([key, value]) => {
    if (!isEventKey(key)) throw new ForeignKey(key)
    return { seq: seqOf(key), value }
  })

/** As many of these as LevelDB hands back at once. */
export const pageOf = async (db: Db, from: number, to: number): Promise<ReadonlyArray<Stored>> => {
  const iterator = db.iterator({ gte: eventKey(from), lt: eventKey(to + 1), highWaterMarkBytes })
  try {
    return storedIn(await iterator.nextv(to - from + 1))
  } finally {
    await iterator.close()
  }
}

/** The next page is read while this one is worked on. */
export const entriesOf = async function* <V>(
  db: Db,
  options: Pick<IteratorOptions<string, V>, "gte" | "lt" | "snapshot" | "valueEncoding">,
  size: number
) {
  const iterator = db.iterator<string, V>({ ...options, highWaterMarkBytes })
  const ask = () => {
    const asked = iterator.nextv(size)
    asked.catch(() => undefined)
    return asked
  }
  try {
    for (let next = ask(); ; ) {
      const page = await next
      if (page.length === 0) return
      next = ask()
      yield page
    }
  } finally {
    await iterator.close()
  }
}

const pagesOf = async function* (db: Db, from: number, size: number, seen: Seen) {
  for await (const page of entriesOf<Buffer>(db, { gte: eventKey(from), lt: "e0", ...seen }, size)) yield storedIn(page)
}

export const lastOf = async (db: Db): Promise<Stored | undefined> => {
  for await (const [key, value] of db.iterator({ gte: "e/", lt: "e0", reverse: true, limit: 1 })) return { seq: seqOf(key), value }
  return undefined
}

/** A page that cannot be read whole is read one by one, up to the one that cannot. */
export const pages = async function* (db: Db, from: number, seen: Seen = {}) {
  let next = from
  try {
    for await (const page of pagesOf(db, from, pageEntries, seen)) {
      next = page.at(-1)!.seq + 1
      yield page
    }
  } catch {
    yield* pagesOf(db, next, 1, seen)
  }
}
