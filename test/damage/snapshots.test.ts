/** A kept state saves time at start and decides nothing: lost, rotten or of other code, the log alone gives the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { Level } from "level"
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
import { copyOf, logId, remove, temporary } from "./logs.ts"

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

const inStore = (home: string, change: (db: Level<string, Buffer>, keys: ReadonlyArray<string>) => Promise<unknown>) =>
  Effect.promise(async () => {
    const db = new Level<string, Buffer>(`${home}/log`, { valueEncoding: "buffer" })
    await db.open()
    await change(db, await db.keys({ gte: "p/", lt: "p0" }).all())
    await db.close()
  })

const lived = Effect.gen(function* () {
  const home = temporary()
  homes.push(home)
  yield* running(home, live)
  const copy = copyOf(home)
  homes.push(copy)
  yield* inStore(copy, (db, keys) => Promise.all(keys.map((key) => db.del(key))))
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
    ["emptied", () => Buffer.alloc(0)]
  ] as const)("and is rotten (%s) is said and not used", ([, rot]) =>
    Effect.gen(function* () {
      const { expected, home } = yield* lived
      yield* inStore(home, async (db, [key]) => db.put(key!, rot((await db.get(key!))!)))
      said.length = 0
      assert.strictEqual(yield* stateOf(home), expected)
      assert.match(said.join(), /The snapshot at event \d+ is not what was written: it is not used\./)
    })
  )
  it.live("beyond the end of the log is damage", () =>
    Effect.gen(function* () {
      const { home } = yield* lived
      yield* inStore(home, async (db, [key]) => db.put("p/0000000000000099", (await db.get(key!))!))
      const error = yield* Effect.flip(stateOf(home))
      assert.deepInclude(error, { _tag: "LogDamaged", damage: "snapshot-ahead" })
      assert.match(error.message, /^A snapshot holds the state at event 99, and the log ends with event \d+\.$/)
    })
  )
  it.live("of a history that is not the log's is not used", () =>
    Effect.gen(function* () {
      const { expected, home } = yield* lived
      yield* inStore(home, async (db, [key]) => {
        const seq = Number(key!.slice(2))
        const { world } = readSnapshot((await db.get(key!))!, seq) as Snapshot
        await db.put(key!, printSnapshot({ world: { ...world, clusters: clusters.empty }, hash: Buffer.alloc(32) }))
      })
      assert.strictEqual(yield* stateOf(home), expected)
    })
  )
})

it("of the states that are kept, the first of each 50,000 events and the newest two stay", () => {
  const kept = [9, 20_000, 50_007, 80_000, 100_001, 130_000, 131_000, 132_000]
  assert.deepStrictEqual(superfluous(kept), [9, 20_000, 80_000, 130_000])
  assert.deepStrictEqual(superfluous([9, 10]), [])
})
