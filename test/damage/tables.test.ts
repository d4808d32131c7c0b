/** A table that is not what was written, wherever it is hit: LevelDB never sees that, all that is before it is proven, and nothing that is sound is taken for it. */
import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { readable } from "../../daemon/log/blocks.ts"
import { crc32c } from "../../daemon/log/crc32c.ts"
import { checkTables, openToRead } from "../../daemon/log/LevelLog.ts"
import { append, copyOf, filesOf, inStore, opened, remove, temporary } from "./logs.ts"
import type { Strike, Struck } from "./struck.ts"

/** Of what cannot be packed LevelDB stores the bytes as they are, and any of them make sense to it but a key of less than eight. */
const last = 100
const reasons = Array.from({ length: last }, () => randomBytes(2500).toString("base64"))
const count = 1501
let sound: string
/** Of the last table, which has events and their index. */
let table: Buffer
let tableName: string
const homes: Array<string> = []
beforeAll(async () => {
  sound = temporary()
  homes.push(sound)
  await Effect.runPromise(
    Effect.gen(function* () {
      yield* opened(sound, append(500))
      yield* inStore(sound, (db) => (db as unknown as { compactRange: (from: string, to: string) => Promise<void> }).compactRange("", "~"))
      yield* opened(sound, append(900))
      yield* opened(
        sound,
        append(last, (i) => reasons[i]!)
      )
      // It is in a table from then on.
      yield* opened(sound, () => Effect.void)
    })
  )
  tableName = readdirSync(join(sound, "log")).findLast((name) => name.endsWith(".ldb"))!
  table = readFileSync(join(sound, "log", tableName))
})
afterAll(() => {
  for (const home of homes) remove(home)
})
const copy = () => {
  const home = copyOf(sound)
  homes.push(home)
  return home
}

/** In a process of its own: were it ended, that would be the failure. */
const struckIn = (sound: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "struck.ts"), sound, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    const [out, err] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => (await stream.setEncoding("utf8").toArray()).join(""))
    )
    const ended =
      child.signalCode ?? child.exitCode ?? (await new Promise((done) => child.once("exit", (code, signal) => done(signal ?? code))))
    assert.strictEqual(ended, 0, `after ${err!.trimEnd().split("\n").at(-1)}`)
    return out!
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Struck)
  })

const struck = (...args: ReadonlyArray<string>) => struckIn(sound, ...args)

const check = ({ audit, isHit, start, ...strike }: Struck) => {
  const said = JSON.stringify({ strike, audit, start })
  if (isHit) assert.isNotNull(start.damage, said)
  for (const { damage, events } of [audit, start]) {
    assert.isAtMost(events, count, said)
    if (damage === null) assert.strictEqual(events, count, said)
  }
  if (isHit) assert.deepStrictEqual([audit.damage !== null, audit.events], [true, start.events], said)
}

/** Of the footer's two, the block that the handle leads to. */
const handleIn = (table: Buffer, nth: number) => {
  const numbers: Array<number> = []
  for (let at = table.length - 48, value = 0, shift = 0; numbers.length < 4; at++) {
    value += (table[at]! & 127) * 2 ** shift
    shift += 7
    if (table[at]! < 128) {
      numbers.push(value)
      value = shift = 0
    }
  }
  return { from: numbers[2 * nth]!, size: numbers[2 * nth + 1]! }
}

describe("a table that is hit", () => {
  const footer = (at: number) => table.length - 48 + at
  const meta = () => handleIn(table, 0)
  const index = () => handleIn(table, 1)
  /** Those that stand before the one that is hit. */
  it.live.each<readonly [string, () => readonly [number, number], proven: number]>([
    ["in a block of events that is not packed", () => [table.indexOf(reasons[10]!.slice(-50)), 300], count - last + 10],
    ["in a block of events that is packed, and its index", () => [meta().from - 2500, 300], count - 1],
    ["in its first block", () => [0, 100], count - last],
    ["in a block's own type", () => [index().from - meta().size - 5, 1], count],
    ["in its filter", () => [meta().from - 40, 30], count],
    ["in what leads to the filter", () => [meta().from + 2, 10], count],
    ["in its index", () => [index().from + 2, 10], count],
    ["in the checksum of its index", () => [index().from + index().size + 1, 4], count],
    ["in its footer", () => [footer(0), 12], count],
    ["in its last bytes", () => [footer(40), 8], count]
  ])("%s is found by the audit and the start, and all before it is proven", ([, at, proven]) =>
    Effect.gen(function* () {
      const [from, length] = at()
      const strike = (byte: number): Strike => ({ file: tableName, from, bytes: Buffer.alloc(length, byte).toString("hex") })
      for (const each of yield* struck(JSON.stringify([0, 0xff, 0x5a].map(strike)))) {
        check(each)
        assert.isAtLeast(from, 0)
        if (from >= footer(0) || each.isHit) {
          assert.isNotNull(each.start.damage)
          assert.strictEqual(each.start.events, proven, JSON.stringify(each))
          assert.match(each.audit.damage!, / is not what was written: /)
        }
      }
    })
  )
  it.live(
    "wherever that is, with whatever",
    () =>
      Effect.gen(function* () {
        for (const run of yield* Effect.all([struck("seeds", "1", "100"), struck("seeds", "101", "100")], { concurrency: 2 }))
          run.forEach(check)
      }),
    240_000
  )
})

describe("the only table of a store, hit", () => {
  const events = 9
  const words = Array.from({ length: events - 1 }, (_, i) => createHash("sha512").update(String(i)).digest("base64"))
  let only: string
  let bytes: Buffer
  beforeAll(async () => {
    only = temporary()
    homes.push(only)
    await Effect.runPromise(
      opened(
        only,
        append(events - 1, (i) => words[i]!)
      )
    )
    // LevelDB makes a table of what it finds in its log.
    await Effect.runPromise(inStore(only, async () => {}))
    bytes = readFileSync(filesOf(only, ".ldb")[0]!)
  })
  it.live.each<readonly [string, () => readonly [number, number], proven: number]>([
    ["in its footer", () => [bytes.length - 48, 1], events],
    ["in its index", () => [handleIn(bytes, 1).from + 2, 1], events],
    ["in its filter", () => [handleIn(bytes, 0).from - 10, 1], events],
    ["behind the events of its only block of them", () => [handleIn(bytes, 0).from - 60, 1], events],
    ["in the middle of that", () => [bytes.indexOf(words[3]!.slice(20, 40)), 1], 4],
    ["in its first byte", () => [1, 1], 0]
  ])("%s, takes from the audit no more than from the start", ([, at, proven]) =>
    Effect.gen(function* () {
      const files = filesOf(only, ".ldb")
      assert.strictEqual(files.length, 1)
      const [from, length] = at()
      assert.isAtLeast(from, 0)
      const strike: Strike = { file: basename(files[0]!), from, bytes: Buffer.alloc(length, bytes[from]! ^ 0xff).toString("hex") }
      const [found] = yield* struckIn(only, JSON.stringify([strike]))
      assert.deepStrictEqual([found!.audit.events, found!.start.events], [proven, proven], JSON.stringify(found))
      assert.match(found!.audit.damage!, / is not what was written: /)
    })
  )
})

describe("is sound:", () => {
  const isSound = (home: string) =>
    Effect.gen(function* () {
      yield* checkTables(home)
      assert.isUndefined((yield* Effect.scoped(openToRead(home))).damage)
      assert.deepStrictEqual(existsSync(join(home, "run")) ? readdirSync(join(home, "run")) : [], [])
      yield* opened(home, (log) => Effect.sync(() => assert.strictEqual(log.world().at, count)))
    })
  it.live("every table of a store", () =>
    Effect.gen(function* () {
      const home = copy()
      assert.isAtLeast(filesOf(home, ".ldb").length, 2)
      for (const file of filesOf(home, ".ldb")) assert.isUndefined(readable(readFileSync(file)))
      yield* isSound(home)
    })
  )
  it.live("a store with a table that a daemon was killed over", () =>
    Effect.gen(function* () {
      const home = copy()
      for (const number of ["000040", "000004"]) writeFileSync(join(home, "log", `${number}.ldb`), table.subarray(0, 2000))
      yield* isSound(home)
    })
  )
  it.live("a store with one under the number that LevelDB gives to the next", () =>
    Effect.gen(function* () {
      const home = copy()
      // It makes a table of these.
      yield* opened(home, append(5))
      const log = join(home, "log")
      const newest = Math.max(...readdirSync(log).map((name) => Number(/^(\d+)/.exec(name)?.[1] ?? 0)))
      for (let number = newest + 1; number < newest + 9; number++)
        writeFileSync(join(log, `${String(number).padStart(6, "0")}.ldb`), table.subarray(0, 2000))
      yield* Effect.scoped(checkTables(home))
    })
  )
})

it.live("nothing is written to the files of a store that is read beside it, be a number among them one that LevelDB takes for free", () =>
  Effect.gen(function* () {
    const home = copy()
    // LevelDB makes a table of these.
    yield* opened(home, append(5))
    const log = join(home, "log")
    const newest = Math.max(...readdirSync(log).map((name) => Number(/^(\d+)/.exec(name)?.[1] ?? 0)))
    // As they stand while a daemon makes them.
    for (let number = newest + 1; number < newest + 9; number++) writeFileSync(join(log, `${String(number).padStart(6, "0")}.ldb`), table)
    writeFileSync(join(log, tableName), Buffer.from(table).fill(0, 3000, 3200))
    const state = () =>
      readdirSync(log).map((name) => [
        name,
        statSync(join(log, name)).ino,
        createHash("sha1")
          .update(readFileSync(join(log, name)))
          .digest("hex")
      ])
    const before = state()
    const { damage } = yield* Effect.scoped(openToRead(home))
    assert.match(damage!.message, /^\S+\/log\/\d+\.ldb is not what was written: checksums in it do not fit\.$/)
    assert.deepStrictEqual(state(), before)
  })
)

it.live("of a table that was made longer, or cut, that is what is said", () =>
  Effect.gen(function* () {
    for (const bytes of [Buffer.concat([table, Buffer.from("more")]), table.subarray(0, -7)]) {
      const home = copy()
      writeFileSync(join(home, "log", tableName), bytes)
      const { message } = yield* Effect.flip(checkTables(home))
      assert.strictEqual(message, `${join(home, "log", tableName)} is not what was written: the length or the end of it does not fit.`)
    }
  })
)

it("CRC-32C is that of its standard", () => {
  assert.strictEqual(crc32c(Buffer.from("123456789"), 0, 9), 0xe3069283)
  assert.strictEqual(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa)
})
