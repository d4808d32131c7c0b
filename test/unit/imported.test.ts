/** The mark of an imported log goes when the facts of its first start are on disk, and not before; no cloud keeps that start waiting. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, HashMap, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { Clouds } from "../../daemon/Clouds.ts"
import { Identity } from "../../daemon/Identity.ts"
import * as Imported from "../../daemon/Imported.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { up, worldOf } from "../fakes/facts.ts"

const log = "7".repeat(26)
const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skyd-i-"))),
  (home) => Effect.sync(() => rmSync(home, { recursive: true }))
)
const start = (home: string, decide: Effect.Effect<unknown>) =>
  Effect.exit(
    Effect.scoped(
      Layer.build(
        Imported.layer(home).pipe(
          Layer.provide([
            Layer.succeed(Clouds, new Map()),
            Layer.succeed(Identity, { actor: {} } as never),
            Layer.succeed(EventLog, { world: () => worldOf([{ _tag: "LogCreated", log }, ...up()]), decide: () => decide } as never)
          ])
        )
      )
    )
  )

it.effect("the mark of an imported log outlives a daemon that dies before the facts are on disk", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    const mark = join(home, "imported")
    writeFileSync(mark, `${log}\n`)
    assert.isTrue(Exit.isFailure(yield* start(home, Effect.die("killed"))))
    assert.isTrue(existsSync(mark))
    let said = 0
    const recorded = Effect.sync(() => void said++)
    for (const _ of ["first", "second"]) assert.isTrue(Exit.isSuccess(yield* start(home, recorded)))
    assert.isFalse(existsSync(mark))
    assert.strictEqual(said, 1)
  })
)

it.effect("however many clusters there are, a cloud that hangs holds the start up once", () =>
  Effect.gen(function* () {
    const { clusters, ...rest } = worldOf(up())
    const [row] = HashMap.values(clusters.rows)
    const rows = Array.from({ length: 100 }, (_, i) => [`c${i}`, { ...row!, id: `c${i}` }] as const)
    const world = { ...rest, clusters: { ...clusters, rows: HashMap.fromIterable(rows) } }
    let taken: ReadonlySet<string> = new Set()
    const decide = (facts: (of: typeof world) => Result.Result<{ readonly events: ReadonlyArray<readonly [string, unknown]> }>) =>
      Effect.sync(() => {
        taken = new Set(Result.getOrThrow(facts(world)).events.map(([stream]) => stream))
      })
    const start = Imported.settle.pipe(
      Effect.provideService(Clouds, new Map([["local", { query: () => Effect.never } as never]])),
      Effect.provideService(Identity, { actor: {} } as never),
      Effect.provideService(EventLog, { world: () => world, decide } as never)
    )
    const fiber = yield* Effect.forkDetach(start, { startImmediately: true })
    yield* TestClock.adjust("2 seconds")
    assert.isDefined(fiber.pollUnsafe())
    assert.strictEqual(taken.size, rows.length)
  })
)

it.effect("beside another log than it names the mark says nothing, and goes", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    writeFileSync(join(home, "imported"), `${"5".repeat(26)}\n`)
    assert.isTrue(Exit.isSuccess(yield* start(home, Effect.die("nothing is recorded"))))
    assert.deepStrictEqual(readdirSync(home), [])
  })
)

it.effect("a start leaves a file of somebody's own, and takes away what imports left that were killed", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    writeFileSync(join(home, "imported"), "notes")
    for (const name of ["import-99999999", `import-${process.ppid}`, "import-mine"]) mkdirSync(join(home, name))
    assert.isTrue(Exit.isSuccess(yield* start(home, Effect.die("nothing is recorded"))))
    assert.deepStrictEqual(readdirSync(home).sort(), ["imported", "import-mine", `import-${process.ppid}`].sort())
  })
)
