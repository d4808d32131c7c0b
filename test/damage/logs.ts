/** Real logs in real folders, to be damaged. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { Level } from "level"
import { Background } from "../../daemon/Background.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { readHead } from "../../daemon/log/head-file.ts"
import * as LevelLog from "../../daemon/log/LevelLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import { printSnapshot } from "../../daemon/log/snapshot.ts"
import * as ProvenLog from "../../daemon/read-only/ProvenLog.ts"
import { storeOf } from "../../daemon/read-only/ReadOnly.ts"
import type { StreamName } from "../../events/Recorded.ts"
import { cluster } from "../fakes/facts.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const stream = `cluster/${cluster}` as StreamName

export const temporary = () => mkdtempSync(join(tmpdir(), "skyd-d-"))

export const logId = (digit: string) => digit.repeat(26)

const layers = (home: string, id: string) =>
  Layer.fresh(EventLog.layer(actor)).pipe(
    Layer.provideMerge(Layer.fresh(Background.layer)),
    Layer.provideMerge(Layer.fresh(LevelLog.layer(home, Effect.succeed(id))))
  )

/** As the daemon opens it; closed when it returns. */
export const opened = <A, E>(home: string, use: (log: EventLog["Service"]) => Effect.Effect<A, E>, id = logId("7")) =>
  EventLog.use(use).pipe(Effect.provide(layers(home, id), { local: true }))

export const append =
  (count: number, reason = (i: number) => `cost ${i}`) =>
  (log: EventLog["Service"]) =>
    Effect.forEach(
      Array.from({ length: count }),
      (_, i) =>
        log.append({
          events: [[stream, { _tag: "RuntimeLost", cluster, rank: 0, node: `node-${i}` as never, reason: reason(i) }]],
          operation: null,
          causedBy: 0,
          actor,
          expect: []
        }),
      { concurrency: 100, discard: true }
    )

/** A copy, to be damaged. */
export const copyOf = (home: string): string => {
  const copy = temporary()
  cpSync(home, copy, { recursive: true })
  return copy
}

export const filesOf = (home: string, suffix: string) =>
  readdirSync(join(home, "log"))
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(home, "log", name))

export const change = (path: string, how: (bytes: Buffer) => Buffer) => writeFileSync(path, how(readFileSync(path)))

export const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0xff
  return bytes
}

const filterName = "filter.leveldb.BuiltinBloomFilter2"
/** Where a table's blocks of keys and values end: its filter comes next, and where that begins stands behind its name. */
const endOfData = (bytes: Buffer) => {
  let [end, shift] = [0, 0]
  for (let at = bytes.indexOf(filterName) + filterName.length; ; at++, shift += 7) {
    end += (bytes[at]! & 0x7f) * 2 ** shift
    if (bytes[at]! < 0x80) return end
  }
}
/** The block that holds the last keys. */
export const breakLastBlock = (bytes: Buffer) => bytes.fill(0xff, endOfData(bytes) - 200, endOfData(bytes) - 100)
export const breakFrom = (at: number) => (bytes: Buffer) => bytes.fill(0xff, at, endOfData(bytes))

/** Zeros that LevelDB ends the process over, in a table: what cannot be packed is stored as it is, and a key of no bytes makes no sense to it. */
export const strikeAt = (home: string, words: string): string => {
  const table = filesOf(home, ".ldb").find((file) => readFileSync(file).includes(words))!
  change(table, (bytes) => bytes.fill(0, bytes.indexOf(words) - 1000, bytes.indexOf(words) + 100))
  return table
}

export const remove = (path: string) => rmSync(path, { recursive: true, force: true })

/** The store's own keys and values, while nobody holds it. */
export const inStore = (home: string, change: (db: Level<string, Buffer>) => Promise<unknown>) =>
  Effect.promise(async () => {
    const db = new Level<string, Buffer>(join(home, "log"), { valueEncoding: "buffer" })
    await db.open()
    await change(db)
    await db.close()
  })

/** Events that a read-only daemon answers from: it must serve over every kind of damage. */
export const proven = (home: string) =>
  Effect.gen(function* () {
    const witness = readHead(join(home, "HEAD"))
    const log = yield* ProvenLog.make(typeof witness === "string" ? undefined : witness.head)
    const read = yield* Stream.runCollect(log.read(1, log.world().at))
    assert.strictEqual(read.length, log.world().at)
    return read.length
  }).pipe(Effect.provide(Layer.fresh(storeOf(home)), { local: true }))

/** Keeps the state of today beside the log. */
export const withSnapshot = (home: string) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const store = yield* LogStore
    yield* store.keepSnapshot(log.world().at, printSnapshot(log.tip()))
  }).pipe(Effect.provide(layers(home, logId("7")), { local: true }))
