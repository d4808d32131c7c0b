/** LevelDB opens most of these without a word. Each kind of damage is found when the log is opened, told apart, and said in a sentence. */
import { cpSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { createHead, emptyHead, slotBytes } from "../../daemon/log/head-file.ts"
import type { LogDamaged } from "../../daemon/log/LogDamaged.ts"
import { append, change, copyOf, filesOf, flip, inStore, logId, opened, proven, remove, temporary, withSnapshot } from "./logs.ts"

const events = 3000
/** All of it is in LevelDB's write-ahead log. */
let young: string
/** It was opened again: all of it is in tables. */
let old: string
let other: string
const homes: Array<string> = []

beforeAll(async () => {
  for (const [id, count] of [
    ["7", events],
    ["8", 10]
  ] as const) {
    const home = temporary()
    await Effect.runPromise(opened(home, append(count), logId(id)))
    homes.push(home)
  }
  ;[young, other] = homes as [string, string]
  old = copyOf(young)
  await Effect.runPromise(opened(old, () => Effect.void))
  homes.push(old)
})
afterAll(() => {
  for (const home of homes) remove(home)
})

type Change = (home: string) => void
type How = (bytes: Buffer) => Buffer

const empty: How = () => Buffer.alloc(0)
const wal =
  (how: How): Change =>
  (home) =>
    change(filesOf(home, ".log").at(-1)!, how)
const table =
  (how: How): Change =>
  (home) =>
    change(filesOf(home, ".ldb")[0]!, how)
const file =
  (name: string, how: How): Change =>
  (home) =>
    change(join(home, name), how)
const without =
  (name: string): Change =>
  (home) =>
    remove(join(home, name))

/** What is damaged, which log, how, and what is said of it. */
type Case = readonly [string, () => string, Change, ReadonlyArray<LogDamaged["damage"]>, RegExp]

const cases: ReadonlyArray<Case> = [
  ["a flipped byte in the write-ahead log", () => young, wal(flip(200_000)), ["gap"], /^Event \d+ is missing from the log, which goes on/],
  ["zeros in the write-ahead log", () => young, wal((bytes) => bytes.fill(0, 300_000, 304_096)), ["gap"], /^Event \d+ is missing/],
  [
    "a write-ahead log without its end",
    () => young,
    wal((bytes) => bytes.subarray(0, bytes.length - 50)),
    ["shorter"],
    /^The log ends with event \d+ of the 3001 that its witness has seen: what follows cannot be read\.$/
  ],
  ["a write-ahead log that is gone", () => young, (home) => remove(filesOf(home, ".log").at(-1)!), ["shorter"], /event 0 of the 3001 /],
  // What it hits decides: a block that Snappy cannot unpack is left out, one that it can is read as it is.
  [
    "garbage in a table",
    () => old,
    table((bytes) => bytes.fill(0x5a, 30_000, 30_100)),
    ["gap", "hash", "store-unreadable"],
    /^(Event \d+ is|LevelDB cannot)/
  ],
  ["a flipped byte in the end of a table", () => old, table(flip(-3)), ["store-unreadable"], /^LevelDB cannot read the log: .*orrupt/],
  ["a table of no bytes", () => old, table(empty), ["store-unreadable"], /^LevelDB cannot read the log: .*ldb/],
  ["a table that is gone", () => old, (home) => remove(filesOf(home, ".ldb")[0]!), ["store-unreadable"], /does not open: .*missing files/],
  [
    "a table without its end",
    () => old,
    table((bytes) => bytes.fill(0, bytes.length - 48)),
    ["store-unreadable"],
    /^LevelDB cannot read the log: /
  ],
  ["an empty CURRENT", () => old, file("log/CURRENT", empty), ["store-unreadable"], /does not open: .*CURRENT/],
  ["a manifest that is gone", () => old, (home) => remove(filesOf(home, "-000004")[0]!), ["store-unreadable"], /does not open: .*MANIFEST/],
  ["a store that is gone", () => old, without("log"), ["store-missing"], /^The log in .*\/log is gone: it held 3001 events or more\.$/],
  [
    "a store that was emptied",
    () => old,
    (home) => {
      remove(join(home, "log"))
      mkdirSync(join(home, "log"))
    },
    ["store-missing"],
    /is gone: it held 3001/
  ],
  ["a CURRENT that is gone", () => old, without("log/CURRENT"), ["store-missing"], /is gone: it held 3001/],
  ["a witness that is gone", () => old, without("HEAD"), ["witness-missing"], /^The witness of the log, .*\/HEAD, is gone\.$/],
  ["a witness of garbage", () => old, file("HEAD", (bytes) => bytes.fill(7)), ["witness-torn"], /HEAD, is not what was written\.$/],
  ["a witness of no bytes", () => old, file("HEAD", empty), ["witness-torn"], /HEAD, is not what was written\.$/],
  [
    "a store of another log",
    () => other,
    (home) => cpSync(join(old, "HEAD"), join(home, "HEAD")),
    ["other-log"],
    /another log than its witness/
  ]
]

/** What the damaged log is found to be, and how many events are still proven of it. */
const damaged = (home: string, damage: Change) =>
  Effect.gen(function* () {
    const copy = copyOf(home)
    homes.push(copy)
    damage(copy)
    const error = yield* Effect.flip(opened(copy, () => Effect.void))
    return { error, proven: yield* proven(copy) }
  })

describe("damage of a log is found when it is opened, and told apart:", () => {
  it.live.each(cases)("%s", ([, home, change, damages, sentence]) =>
    Effect.gen(function* () {
      const { error, proven } = yield* damaged(home(), change)
      assert.strictEqual(error._tag, "LogDamaged", String(error))
      assert.isAtMost(proven, 3001)
      assert.include(damages as ReadonlyArray<string>, (error as LogDamaged).damage)
      assert.match(error.message, sentence)
      assert.match(error.message, /\.$/, "another sentence may follow")
    })
  )
  it.live("an older copy of the store under the witness of today", () =>
    Effect.gen(function* () {
      const home = copyOf(young)
      homes.push(home)
      cpSync(join(home, "log"), join(home, "backup"), { recursive: true })
      yield* opened(home, append(5))
      remove(join(home, "log"))
      renameSync(join(home, "backup"), join(home, "log"))
      const error = yield* Effect.flip(opened(home, () => Effect.void))
      assert.deepInclude(error, {
        damage: "shorter",
        message: "The log ends with event 3001 of the 3006 that its witness has seen: what follows cannot be read."
      })
    })
  )
})

describe("a value that was changed in the store, with a chain that cannot know", () => {
  const changed = (seq: number, how: (bytes: Buffer) => Buffer) =>
    Effect.gen(function* () {
      const home = copyOf(young)
      homes.push(home)
      yield* inStore(home, async (db) => {
        const key = `e/${String(seq).padStart(16, "0")}`
        await db.put(key, how((await db.get(key))!))
      })
      const error = yield* Effect.flip(opened(home, () => Effect.void))
      assert.deepInclude(error, { _tag: "LogDamaged", damage: "hash", seq })
      assert.strictEqual(yield* proven(home), seq - 1)
    })
  const bit = (word: string) => (bytes: Buffer) => {
    bytes[bytes.indexOf(word) + 1]! ^= 1
    return bytes
  }
  it.live("its format byte", () => changed(8, (bytes) => bytes.fill(0, 0, 1)))
  it.live("the word that names its event", () => changed(5, bit("event")))
  it.live("the same of the first event, which the chain begins with", () => changed(1, bit("event")))
  it.live("the id of the log in the first event", () => changed(1, bit('"log"')))
  it.live("all of it", () => changed(9, () => Buffer.from("x")))
})

it.live("what a snapshot holds beyond the damage is not proven", () =>
  Effect.gen(function* () {
    const home = copyOf(young)
    homes.push(home)
    yield* withSnapshot(home)
    yield* inStore(home, (db) => db.del(`e/${String(7).padStart(16, "0")}`))
    assert.deepInclude(yield* Effect.flip(opened(home, () => Effect.void)), { damage: "gap", seq: 7 })
    assert.strictEqual(yield* proven(home), 6)
  })
)

it.live("another log's witness is found out behind a snapshot too, and is not written over", () =>
  Effect.gen(function* () {
    const home = copyOf(old)
    homes.push(home)
    yield* withSnapshot(home)
    cpSync(join(other, "HEAD"), join(home, "HEAD"))
    const head = readFileSync(join(home, "HEAD"))
    assert.deepInclude(yield* Effect.flip(opened(home, () => Effect.void)), { damage: "other-log" })
    assert.deepEqual(readFileSync(join(home, "HEAD")), head)
  })
)

describe("is no damage:", () => {
  const sound = (how: Change) =>
    Effect.gen(function* () {
      const home = copyOf(young)
      homes.push(home)
      how(home)
      assert.strictEqual(yield* opened(home, (log) => Effect.sync(() => log.world().at as number)), 3001)
    })
  it.live("nothing at all", () => sound(() => {}))
  it.live("one torn slot of the witness, whichever", () =>
    Effect.forEach([0, slotBytes], (at) => sound(file("HEAD", (bytes) => bytes.fill(0, at, at + 100))), { discard: true })
  )
  it.live("a witness that lags behind, as after a kill", () =>
    Effect.gen(function* () {
      const home = copyOf(young)
      homes.push(home)
      yield* opened(home, append(5))
      cpSync(join(young, "HEAD"), join(home, "HEAD"))
      assert.strictEqual(yield* opened(home, (log) => Effect.sync(() => log.world().at as number)), 3006)
    })
  )
  it.live("a state folder whose first start was cut off", () =>
    Effect.gen(function* () {
      const home = temporary()
      homes.push(home)
      createHead(join(home, "HEAD"), emptyHead(logId("9")))
      yield* opened(home, append(1))
      assert.strictEqual(yield* opened(home, (log) => Effect.sync(() => log.world().clusters.log as string)), logId("9"))
    })
  )
})
