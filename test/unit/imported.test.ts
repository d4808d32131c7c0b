/** The mark of an imported log goes when the facts of its first start are on disk, and not before; no cloud keeps that start waiting. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, HashMap, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import * as Imported from "../../daemon/life/Imported.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { ValueError } from "../../sdk/protocol/errors.ts"
import { up, worldOf } from "../fakes/facts.ts"

const log = "7".repeat(26)
const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "skyd-i-"))),
  (home) => Effect.sync(() => rmSync(home, { recursive: true }))
)
const begun = worldOf([{ _tag: "LogCreated", log }, ...up()])
const start = (home: string, decide: Effect.Effect<unknown>, world = begun) =>
  Effect.exit(
    Effect.scoped(
      Layer.build(
        Imported.layer(home).pipe(
          Layer.provide([
            Layer.succeed(Clouds, new Map()),
            Layer.succeed(Identity, { actor: {} } as never),
            Layer.succeed(EventLog, { world: () => world, decide: () => decide } as never)
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

const nothing = Effect.die("nothing is recorded")

it.effect("an empty mark, as older builds left it, is one of whichever log lies beside it", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    writeFileSync(join(home, "imported"), "")
    let said = 0
    yield* start(
      home,
      Effect.sync(() => void said++)
    )
    assert.strictEqual(said, 1)
    assert.deepStrictEqual(readdirSync(home), [])
  })
)

it.effect("beside a new log a mark that names another one, of an import that was cut off, says nothing, and goes", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    writeFileSync(join(home, "imported"), `${"5".repeat(26)}\n`)
    assert.isTrue(Exit.isSuccess(yield* start(home, nothing, worldOf([{ _tag: "LogCreated", log }]))))
    assert.deepStrictEqual(readdirSync(home), [])
  })
)

it.effect.each<readonly [string, (path: string) => void]>([
  ["a byte of its name flipped", (path) => writeFileSync(path, `${"7".repeat(25)}5\n`)],
  ["a byte flipped", (path) => writeFileSync(path, `${"7".repeat(25)}\x08\n`)],
  ["its end cut off", (path) => writeFileSync(path, "7".repeat(12))],
  ["more in it", (path) => writeFileSync(path, `${log}\n\n`)],
  ["somebody's own in its place", (path) => writeFileSync(path, "notes")],
  ["a folder in its place", (path) => mkdirSync(path)],
  ["a link in its place", (path) => symlinkSync("elsewhere", path)]
])("a mark with %s holds the start back: nothing is carried on, and it stays until somebody decides", ([, damage]) =>
  Effect.gen(function* () {
    const home = yield* temporary
    const mark = join(home, "imported")
    damage(mark)
    const exit = yield* start(home, nothing)
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.instanceOf(error, ValueError)
    assert.strictEqual(
      error.message,
      `${mark} is not what an import of this log leaves there: whether what is open in it is carried on is not clear.`
    )
    assert.deepStrictEqual(readdirSync(home), ["imported"])
  })
)

it.effect("a start takes away what imports left that were killed, and nothing else", () =>
  Effect.gen(function* () {
    const home = yield* temporary
    for (const name of ["import-99999999", `import-${process.ppid}`, "import-mine"]) mkdirSync(join(home, name))
    assert.isTrue(Exit.isSuccess(yield* start(home, nothing)))
    assert.deepStrictEqual(readdirSync(home).sort(), ["import-mine", `import-${process.ppid}`].sort())
  })
)
