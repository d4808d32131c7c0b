/** The rounds of the disk: what is wrong there is said without anybody asking. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll } from "vitest"
import { Disk } from "../../daemon/Disk.ts"
import { Notices } from "../../daemon/Notices.ts"

const home = mkdtempSync(join(tmpdir(), "skyd-"))
afterAll(() => rmSync(home, { recursive: true }))
mkdirSync(join(home, "log"))
// The reserve is there: none is written.
for (const name of ["HEAD", "log/CURRENT", "ballast"]) writeFileSync(join(home, name), "")

it.effect("a log that is moved away is missed in the next round, until it is back", () =>
  Effect.gen(function* () {
    const notices = yield* Notices
    const missed = () => JSON.stringify(notices.list()).includes(`${join(home, "log")} was deleted, moved or replaced`)
    yield* TestClock.adjust("10 seconds")
    assert.isFalse(missed())
    renameSync(join(home, "log"), join(home, "away"))
    yield* TestClock.adjust("10 seconds")
    assert.isTrue(missed())
    renameSync(join(home, "away"), join(home, "log"))
    yield* TestClock.adjust("10 seconds")
    assert.isFalse(missed())
  }).pipe(Effect.provide(Disk.layer(home).pipe(Layer.provideMerge(Notices.layer))))
)
