/** Work on the user's files, on threads. */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onDisk } from "../../../daemon/sync/disk-threads.ts"
import { PathError } from "../../../machine/PathError.ts"
import { tempFolder, write } from "./tree.ts"

const ask = (folder: string) => ({ folder, purpose: "workdir" as const, state: null })

describe("work on the disk", () => {
  it.live("is all done, however much is asked for at once", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      const folders = Array.from({ length: 40 }, (_, i) => `d${i}`)
      write(root, Object.fromEntries(folders.map((folder) => [`${folder}/${folder}`, "1"])))
      const lists = yield* Effect.promise(() => Promise.all(folders.map((folder) => onDisk("list", ask(join(root, folder))))))
      assert.deepStrictEqual(
        lists.map(({ entries }) => entries.map(({ path }) => path)),
        folders.map((folder) => [folder])
      )
    })
  )

  it.live("that fails names the path, and the thread does the next", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      const missing = join(root, "gone")
      const error = yield* Effect.promise(() => onDisk("list", ask(missing)).catch((error) => error))
      assert.instanceOf(error, PathError)
      assert.deepInclude(error, { path: missing })
      assert.include(error.message, "does not exist")
      assert.deepStrictEqual((yield* Effect.promise(() => onDisk("list", ask(root)))).entries, [])
    })
  )

  it.live("that is given up ends at once for whoever asked, with the reason, and soon on its thread", () =>
    Effect.gen(function* () {
      const root = yield* tempFolder
      write(root, Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`f${i}`, ""])))
      const giveUp = new AbortController()
      const all = Array.from({ length: 20 }, () => onDisk("list", ask(root), giveUp.signal).catch((error) => error))
      giveUp.abort(new Error("enough"))
      for (const error of yield* Effect.promise(() => Promise.all(all))) assert.strictEqual(error.message, "enough")
      assert.strictEqual((yield* Effect.promise(() => onDisk("list", ask(root)))).files, 2_000)
    })
  )
})
