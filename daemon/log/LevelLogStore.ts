/**
 * The log in LevelDB: `e/<seq>` holds the values, `s/<stream>/<seq>`, `r/<request>` and `n/<name>` the index.
 * LevelDB's own lock is the guard of the single daemon. Nothing else may open a file of this folder while it is held:
 * closing any descriptor of LOCK drops a POSIX lock.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { IteratorOptions } from "level"
import type { Key } from "../../events/keys.ts"
import { digits } from "./digits.ts"
import { LogDamaged } from "./LogDamaged.ts"
import { type Indexed, LogLocked, LogStore, LogUnavailable } from "./LogStore.ts"
import { type Db, dbIn, entriesOf, eventKey, ForeignKey, lastOf, pageEntries, pages, seqOf } from "./level-events.ts"
import { Rescued } from "./rescue.ts"
import { snapshotFiles } from "./snapshot-files.ts"

const indexKey = (key: Key, seq: number) => {
  if (key.startsWith("request/")) return `r/${key.slice("request/".length)}`
  if (key.startsWith("name/")) return `n/${key.slice("name/".length)}`
  return `s/${key}/${digits(seq)}`
}
/** The event that an entry of the index names; 0 where that is none. */
const namedIn = (value: string): number => {
  const seq = Number(value)
  return Number.isSafeInteger(seq) && seq > 0 ? seq : 0
}

/** Another sentence may follow, and LevelDB ends none of its own. */
const reason = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return `${inner instanceof Error ? inner.message : String(inner)}.`
}
const codeOf = (cause: unknown) => (cause instanceof Error ? (cause.cause as { readonly code?: string } | undefined)?.code : undefined)
/** The kernel's words for what passes when there is room, right or time again. All else that LevelDB stumbles over is its files. */
const passing = /No space left|Disk quota|Permission denied|Read-only file system|Too many open files|Cannot allocate memory/
const unread = (operation: LogUnavailable["operation"], message: string, damage: "store-unreadable" | "index" = "store-unreadable") =>
  passing.test(message) ? new LogUnavailable({ operation, message }) : new LogDamaged({ damage, seq: 0, message })
const isSaid = (cause: unknown): cause is LogDamaged | LogUnavailable => cause instanceof LogDamaged || cause instanceof LogUnavailable
const notRead = (cause: unknown) => {
  if (cause instanceof ForeignKey) return new LogDamaged({ damage: "hash", seq: 0, message: cause.message })
  return isSaid(cause) ? cause : unread("read", `LevelDB cannot read the log: ${reason(cause)}`)
}
const read = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: notRead })

interface Options {
  /** False for a log that was begun: an empty store in its place would be damage that nobody sees. */
  readonly createIfMissing: boolean
  /** Where snapshots are kept; none are without it. */
  readonly snapshots?: string
  /** Whether threads of ours may open it beside us; whoever else does in this process is let in too. */
  readonly multithreading?: boolean
  /** What LevelDB does not read of it. */
  readonly rescued?: Rescued
}

const open = (location: string, { createIfMissing, multithreading = false }: Options) =>
  Effect.tryPromise({
    try: async () => {
      const db = dbIn(location)
      await db.open({ createIfMissing, multithreading })
      return db
    },
    catch: (cause) =>
      codeOf(cause) === "LEVEL_LOCKED"
        ? new LogLocked({ message: `The log in ${location} is held by another process.` })
        : unread("open", `The log in ${location} does not open: ${reason(cause)}`)
  })

type Get = (seq: number) => Promise<Buffer | undefined>
/** What no writer of ours has filed keeps its whole key, which no fact moves. */
const indexed = (key: string, value: string): Indexed => {
  const seq = namedIn(value)
  if (key.startsWith("r/")) return { key: `request/${key.slice(2)}`, seq }
  if (key.startsWith("n/")) return { key: `name/${key.slice(2)}`, seq }
  return /^s\/.+\/\d{16}$/.test(key) && seqOf(key) === seq ? { key: key.slice(2, -17), seq } : { key, seq }
}

/** The events, then every key besides. */
const everything = async function* (db: Db, from: number, rescued: Rescued) {
  const seen = { snapshot: db.snapshot() }
  try {
    for await (const values of rescued.fill(pages(db, from, seen), from)) yield { values, index: [] }
    for (const range of [{ lt: eventKey(1) }, { gte: "e0" }]) yield* indexOf(db, { ...range, ...seen })
  } finally {
    await seen.snapshot.close()
  }
}

const indexOf = async function* (db: Db, options: Pick<IteratorOptions<string, string>, "gte" | "lt" | "snapshot">) {
  try {
    for await (const page of entriesOf<string>(db, { ...options, valueEncoding: "utf8" }, pageEntries)) {
      yield { values: [], index: page.map(([key, value]) => indexed(key, value)) }
    }
  } catch (cause) {
    throw unread("read", `LevelDB cannot read the index of the log, whose events it can: ${reason(cause)}`, "index")
  }
}

const ofStream = async function* (db: Db, stream: Key, from: number, get: Get) {
  for await (const key of db.keys({ gte: `s/${stream}/${digits(from)}`, lt: `s/${stream}/:` })) {
    const value = await get(seqOf(key))
    if (value !== undefined) yield { seq: seqOf(key), value }
  }
}

export const layer = (location: string, options: Options = { createIfMissing: true }) =>
  Layer.effect(
    LogStore,
    Effect.gen(function* () {
      const db = yield* Effect.acquireRelease(open(location, options), (db) => Effect.promise(() => db.close()))
      const rescued = options.rescued ?? new Rescued()
      const get: Get = (seq) => rescued.value(seq, db.get(eventKey(seq)))
      const snapshots = yield* snapshotFiles(options.snapshots)
      return LogStore.of({
        ...snapshots,
        ...(options.multithreading ? { location } : {}),
        isHit: (seq) => rescued.has(seq),
        write: (entries) =>
          Effect.tryPromise({
            try: () =>
              db.batch(
                entries.flatMap(({ freed, keys, seq, value }) => [
                  { type: "put" as const, key: eventKey(seq), value: value as Buffer },
                  ...keys.map((key) => ({ type: "put" as const, key: indexKey(key, seq), value: Buffer.from(digits(seq)) })),
                  ...freed.map((key) => ({ type: "del" as const, key: indexKey(key, seq) }))
                ]),
                { sync: true }
              ),
            // What it reads to put files together it may find broken, and refuses every write from then on.
            catch: (cause) => unread("write", `LevelDB cannot write to the log: ${reason(cause)}`)
          }),
        scan: (from) => Stream.fromAsyncIterable(rescued.fill(pages(db, from), from), notRead),
        everything: (from) => Stream.suspend(() => Stream.fromAsyncIterable(everything(db, from, rescued), notRead)),
        scanStream: (stream, from) => Stream.fromAsyncIterable(ofStream(db, stream, from, get), notRead),
        get: (seq) => read(() => get(seq)),
        last: read(() => rescued.last(lastOf(db))),
        requestSeq: (requestId) =>
          read(async () => {
            const value = await db.get<string, string>(`r/${requestId}`, { valueEncoding: "utf8" })
            return value === undefined ? undefined : namedIn(value)
          })
      })
    })
  )
