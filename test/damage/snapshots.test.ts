/** A kept state saves time at start and decides nothing: lost, rotten or of other code, the log alone gives the same. */
import { execFileSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { afterAll } from "vitest"
import { Background } from "../../daemon/Background.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import * as LevelLog from "../../daemon/log/LevelLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import * as SnapshotKeeper from "../../daemon/log/SnapshotKeeper.ts"
import { printSnapshot, readSnapshot, type Snapshot } from "../../daemon/log/snapshot.ts"
import { newestSnapshot, superfluous } from "../../daemon/log/snapshots.ts"
import { clusters } from "../../projections/clusters.ts"
import { recorded, up } from "../fakes/facts.ts"
import { append, change, copyOf, logId, opened, remove, temporary } from "./logs.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const homes: Array<string> = []
afterAll(() => homes.forEach(remove))

const said: Array<string> = []
const listener = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])

/** As the daemon opens it, with its keeper; a clean exit when it returns. */
const running = <A, E>(home: string, use: (log: EventLog["Service"], store: LogStore["Service"]) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    return yield* use(yield* EventLog, yield* LogStore)
  }).pipe(
    Effect.provide(
      Layer.fresh(SnapshotKeeper.layer).pipe(
        Layer.provideMerge(Layer.fresh(EventLog.layer(actor))),
        Layer.provideMerge(Layer.fresh(Background.layer)),
        Layer.provideMerge(Layer.fresh(LevelLog.layer(home, Effect.succeed(logId("7"))))),
        Layer.provideMerge(listener)
      ),
      { local: true }
    )
  )

const live = (log: EventLog["Service"]) =>
  Effect.forEach(
    recorded([...up(2)]),
    ({ event, operation, stream }) => log.append({ events: [[stream, event]], operation, causedBy: 0, actor, expect: [] }),
    { discard: true }
  )
const stateOf = (home: string) => running(home, (log) => Effect.sync(() => JSON.stringify(log.world())))

const folderOf = (home: string) => join(home, "snapshots")
const filesIn = (home: string) => readdirSync(folderOf(home)).sort()
/** The one that a clean exit has left. */
const fileOf = (home: string) => join(folderOf(home), filesIn(home)[0]!)

const lived = Effect.gen(function* () {
  const home = temporary()
  homes.push(home)
  yield* running(home, live)
  const copy = copyOf(home)
  homes.push(copy)
  remove(folderOf(copy))
  return { home, expected: yield* stateOf(copy) }
})

describe("a state that was kept", () => {
  it.live("at a clean exit is found at the next start, and gives what the log gives", () =>
    Effect.gen(function* () {
      const { expected, home } = yield* lived
      const found = yield* running(home, (_, store) => newestSnapshot(store, Number.MAX_SAFE_INTEGER))
      assert.strictEqual(JSON.stringify(found?.world), expected)
      assert.strictEqual(yield* stateOf(home), expected)
    })
  )
  it.live.each([
    ["flipped", (bytes: Buffer) => bytes.fill(bytes[200]! ^ 1, 200, 201)],
    ["cut", (bytes: Buffer) => bytes.subarray(0, 100)],
    ["emptied", () => Buffer.alloc(0)],
    ["a folder", undefined]
  ] as const)("and is rotten (%s) is said and not used", ([, rot]) =>
    Effect.gen(function* () {
      const { expected, home } = yield* lived
      const file = fileOf(home)
      if (rot === undefined) {
        remove(file)
        mkdirSync(file)
      } else change(file, rot)
      said.length = 0
      assert.strictEqual(yield* stateOf(home), expected)
      assert.match(said.join(), /The snapshot at event \d+ is not what was written: it is not used\./)
    })
  )
  it.live.each([
    ["holds no state", () => ({})],
    [
      "holds one that no event follows on",
      (world: Snapshot["world"]) => ({ ...world, clusters: { log: world.clusters.log, rows: "none" } })
    ]
  ] as const)("and %s, for all that its checksum fits, is not used", ([, of]) =>
    Effect.gen(function* () {
      const { home } = yield* lived
      const file = fileOf(home)
      const { hash, world } = readSnapshot(readFileSync(file), Number(basename(file))) as Snapshot
      yield* running(home, live)
      // As a kill would leave it.
      const copy = copyOf(home)
      homes.push(copy)
      remove(folderOf(copy))
      const expected = yield* stateOf(copy)
      for (const name of filesIn(home)) remove(join(folderOf(home), name))
      writeFileSync(file, printSnapshot({ world: { ...of(world), at: world.at } as never, hash }))
      said.length = 0
      assert.strictEqual(yield* stateOf(home), expected)
      assert.match(said.join(), /The log is not read on from its newest snapshot, but from its first event:/)
    })
  )
  it.live("beyond the end of the log is damage", () =>
    Effect.gen(function* () {
      const { home } = yield* lived
      copyFileSync(fileOf(home), join(folderOf(home), "0000000000000099"))
      const error = yield* Effect.flip(stateOf(home))
      assert.deepInclude(error, { _tag: "LogDamaged", damage: "snapshot-ahead" })
      assert.match(error.message, /^A snapshot holds the state at event 99, and the log ends with event \d+\.$/)
    })
  )
  it.live("of a history that is not the log's is not used", () =>
    Effect.gen(function* () {
      const { expected, home } = yield* lived
      const file = fileOf(home)
      const { world } = readSnapshot(readFileSync(file), Number(basename(file))) as Snapshot
      writeFileSync(file, printSnapshot({ world: { ...world, clusters: clusters.empty }, hash: Buffer.alloc(32) }))
      assert.strictEqual(yield* stateOf(home), expected)
    })
  )
  it.live("half, by a crash, is swept at the next start, and what is not ours is left alone", () =>
    Effect.gen(function* () {
      const { home } = yield* lived
      const before = filesIn(home)
      for (const name of [".0000000000000099", "notes"]) writeFileSync(join(folderOf(home), name), "half")
      yield* stateOf(home)
      assert.deepStrictEqual(filesIn(home), [...before, "notes"])
    })
  )
  it.live("has a file where its folder should be: the log is served, and it is said", () =>
    Effect.gen(function* () {
      const { home } = yield* lived
      remove(folderOf(home))
      writeFileSync(folderOf(home), "")
      said.length = 0
      yield* running(home, append(1))
      assert.match(said.join(), /The snapshots cannot be read: /)
      assert.match(said.join(), /The state cannot be kept beside the log: /)
    })
  )
})

const small = temporary()
const isSmall = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", small], { stdio: "ignore" })
    return true
  } catch {
    console.warn("NOT TESTED: a snapshot on a full disk. Mounting a small filesystem needs root.")
    return false
  }
})()
afterAll(() => {
  if (isSmall) execFileSync("umount", ["-l", small])
  remove(small)
})

it.live.skipIf(!isSmall)("a state that does not fit the disk takes no fact with it, and leaves nothing behind", () =>
  Effect.gen(function* () {
    const home = join(small, "home")
    mkdirSync(home)
    const [at, copy] = yield* running(home, (log, store) =>
      Effect.gen(function* () {
        yield* append(50)(log)
        const { bavail, bsize } = statfsSync(small)
        writeFileSync(join(small, "filler"), Buffer.alloc(bavail * bsize - 700_000))
        const error = yield* Effect.flip(store.keepSnapshot(log.world().at, Buffer.alloc(2_000_000, 7)))
        assert.deepInclude(error, { _tag: "LogUnavailable", operation: "write" })
        rmSync(join(small, "filler"))
        yield* append(50)(log)
        // As a kill would leave it.
        const copy = copyOf(home)
        homes.push(copy)
        return [log.world().at, copy] as const
      })
    )
    assert.deepStrictEqual(existsSync(folderOf(copy)) ? filesIn(copy) : [], [])
    assert.strictEqual(yield* opened(copy, (log) => Effect.sync(() => log.world().at)), at)
  })
)

it("of the states that are kept, the first of each 50,000 events and the newest two stay", () => {
  const kept = [9, 20_000, 50_007, 80_000, 100_001, 130_000, 131_000, 132_000]
  assert.deepStrictEqual(superfluous(kept), [9, 20_000, 80_000, 130_000])
  assert.deepStrictEqual(superfluous([9, 10]), [])
})
