/** The mark of an imported log goes when the facts of its first start are on disk, and not before. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Clouds } from "../../daemon/Clouds.ts"
import { Identity } from "../../daemon/Identity.ts"
import * as Imported from "../../daemon/Imported.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { up, worldOf } from "../fakes/facts.ts"

const start = (home: string, decide: Effect.Effect<unknown>) =>
  Effect.exit(
    Effect.scoped(
      Layer.build(
        Imported.layer(home).pipe(
          Layer.provide([
            Layer.succeed(Clouds, new Map()),
            Layer.succeed(Identity, { actor: {} } as never),
            Layer.succeed(EventLog, { world: () => worldOf(up()), decide: () => decide } as never)
          ])
        )
      )
    )
  )

it.effect("the mark of an imported log outlives a daemon that dies before the facts are on disk", () =>
  Effect.gen(function* () {
    const home = mkdtempSync(join(tmpdir(), "skyd-i-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(home, { recursive: true })))
    const mark = join(home, "imported")
    writeFileSync(mark, "")
    assert.isTrue(Exit.isFailure(yield* start(home, Effect.die("killed"))))
    assert.isTrue(existsSync(mark))
    let said = 0
    const recorded = Effect.sync(() => void said++)
    for (const _ of ["first", "second"]) assert.isTrue(Exit.isSuccess(yield* start(home, recorded)))
    assert.isFalse(existsSync(mark))
    assert.strictEqual(said, 1)
  })
)
