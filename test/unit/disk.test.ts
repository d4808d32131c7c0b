/** What is wrong with the disk is said to whoever asks, as it is then, and in rounds to those who follow. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll } from "vitest"
import { Disk } from "../../daemon/home/Disk.ts"
import { createHead, emptyHead } from "../../daemon/log/head-file.ts"
import { Notices } from "../../daemon/Notices.ts"

const home = mkdtempSync(join(tmpdir(), "skyd-"))
afterAll(() => rmSync(home, { recursive: true }))
mkdirSync(join(home, "log"))
// The reserve is there: none is written.
for (const name of ["log/CURRENT", "ballast"]) writeFileSync(join(home, name), "")
createHead(join(home, "HEAD"), emptyHead("7".repeat(26)))

it.effect("a log that is moved away is missed at once, until it is back, and in the next round by those who do not ask", () =>
  Effect.gen(function* () {
    const notices = yield* Notices
    const said = `${join(home, "log")} was deleted, moved or replaced`
    const missed = () => JSON.stringify(notices.list()).includes(said)
    assert.isFalse(missed())
    renameSync(join(home, "log"), join(home, "away"))
    assert.isTrue(missed())
    renameSync(join(home, "away"), join(home, "log"))
    assert.isFalse(missed())
    const told: Array<string> = []
    notices.follow((text) => told.push(text))
    renameSync(join(home, "log"), join(home, "away"))
    yield* TestClock.adjust("20 seconds")
    renameSync(join(home, "away"), join(home, "log"))
    yield* TestClock.adjust("10 seconds")
    assert.lengthOf(
      told.filter((text) => text.includes(said)),
      1
    )
  }).pipe(Effect.provide(Disk.layer(home).pipe(Layer.provideMerge(Notices.layer))))
)
