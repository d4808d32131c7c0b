/** What stands where the log or its witness belongs and is none: refused where no log was begun, damage where one was. Nothing is made or changed. */
import { execFileSync } from "node:child_process"
import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { createHead, emptyHead } from "../../daemon/log/head-file.ts"
import { append, copyOf, logId, opened, proven, remove, temporary, withSnapshot } from "./logs.ts"

const homes: Array<string> = []
let begun: string
beforeAll(async () => {
  begun = temporary()
  homes.push(begun)
  await Effect.runPromise(opened(begun, append(5)))
})
afterAll(() => {
  for (const home of homes) remove(home)
})

const stands = {
  "a folder": (path: string) => void mkdirSync(path),
  "a pipe": (path: string) => void execFileSync("mkfifo", [path]),
  "a link to nothing": (path: string) => symlinkSync("/nonexistent/there", path),
  "a file": (path: string) => writeFileSync(path, "somebody's")
}
const asWitness = ["a folder", "a pipe", "a link to nothing"] as const
const asStore = ["a pipe", "a link to nothing", "a file"] as const

describe("where no log was begun", () => {
  const refused = (place: "HEAD" | "log", what: keyof typeof stands, sentence: string) =>
    Effect.gen(function* () {
      const home = temporary()
      homes.push(home)
      const path = join(home, place)
      stands[what](path)
      const { ino } = lstatSync(path)
      const error = yield* Effect.flip(opened(home, () => Effect.void))
      assert.deepInclude(error, { _tag: "ValueError", exitCode: 2, message: `${path} ${sentence}` })
      assert.deepEqual([readdirSync(home), lstatSync(path).ino], [[place], ino])
      remove(path)
      yield* opened(home, append(1))
    })
  it.live.each(asWitness)("%s in the place of the witness is refused", (what) =>
    refused("HEAD", what, "is no file, and the witness of the log belongs there.")
  )
  it.live.each(asStore)("%s in the place of the store is refused", (what) =>
    refused("log", what, "is no folder, and the log belongs there.")
  )
  it.live("but its witness was, the store is not made over a file", () =>
    Effect.gen(function* () {
      const home = temporary()
      homes.push(home)
      createHead(join(home, "HEAD"), emptyHead(logId("9")))
      stands["a file"](join(home, "log"))
      assert.deepInclude(yield* Effect.flip(opened(home, () => Effect.void)), { _tag: "ValueError" })
    })
  )
})

describe("of a log that was begun", () => {
  it.live.each(asWitness)("%s in the place of the witness is damage", (what) =>
    Effect.gen(function* () {
      const home = copyOf(begun)
      homes.push(home)
      remove(join(home, "HEAD"))
      stands[what](join(home, "HEAD"))
      assert.deepInclude(yield* Effect.flip(opened(home, () => Effect.void)), { _tag: "LogDamaged", damage: "witness-torn" })
      assert.strictEqual(yield* proven(home), 6)
    })
  )
  it.live.each(asStore)("%s in the place of the store is damage", (what) =>
    Effect.gen(function* () {
      const home = copyOf(begun)
      homes.push(home)
      remove(join(home, "log"))
      stands[what](join(home, "log"))
      const error = yield* Effect.flip(opened(home, () => Effect.void))
      assert.deepInclude(error, { _tag: "LogDamaged", damage: "store-missing" })
      assert.match(error.message, /is gone: it held 6 events or more\. \S+\/log is no folder, and the log belongs there\.$/)
      assert.strictEqual(yield* proven(home), 0)
    })
  )
  it.live("and is gone with its witness, a snapshot tells: nothing is begun", () =>
    Effect.gen(function* () {
      const home = copyOf(begun)
      homes.push(home)
      yield* withSnapshot(home)
      for (const place of ["HEAD", "log"]) remove(join(home, place))
      const error = yield* Effect.flip(opened(home, () => Effect.void))
      assert.deepInclude(error, { _tag: "LogDamaged", damage: "store-missing" })
      assert.match(error.message, /witness are gone: a snapshot holds its state at event 6\.$/)
      assert.deepEqual(readdirSync(home), ["snapshots"])
      remove(join(home, "snapshots"))
      yield* opened(home, append(1))
    })
  )
})
