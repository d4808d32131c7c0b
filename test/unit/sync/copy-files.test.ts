import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { copyFiles } from "../../../daemon/sync/copy-files.ts"
import { placedAt } from "../../../daemon/sync/FileList.ts"
import { listFiles } from "../../../daemon/sync/list-files.ts"
import { copyFile } from "../../../machine/copy-file.ts"
import { until } from "../../contract/cloud-nodes.ts"
import { read, tempFolder, write } from "./tree.ts"

const places = Effect.map(tempFolder, (root) => {
  write(root, { "from/": "", "home/": "" })
  return { from: join(root, "from"), home: join(root, "home"), into: join(root, "home/w"), root }
})
/** A file of the kernel's: it says 4096 bytes and holds some. */
const shrunken = "/sys/devices/system/cpu/online"
const copy = (from: string, home: string) => Effect.flatMap(listFiles(from), (list) => copyFiles(list, home, "w"))

describe("a file that is named itself", () => {
  it.live("arrives under the name of its target, with its mode, whatever ignores it; so does what a link leads to", () =>
    Effect.gen(function* () {
      const { from, home } = yield* places
      write(from, { ".gitignore": "*.sh", "run.sh": "#!/bin/sh", link: "-> run.sh", other: "x" })
      chmodSync(join(from, "run.sh"), 0o755)
      for (const [source, target] of [
        ["run.sh", ".config/tool"],
        ["link", "top"]
      ] as const) {
        const { files, folder } = placedAt(yield* listFiles(join(from, source), "mount"), target)
        assert.deepInclude(files, { files: 1, bytes: 9 })
        yield* copyFiles(files, home, folder)
      }
      assert.deepStrictEqual(read(home), { ".config/": "", ".config/tool": "#!/bin/sh", top: "#!/bin/sh" })
      assert.strictEqual(statSync(join(home, ".config/tool")).mode & 0o777, 0o755)
    })
  )
  it.live("is no workdir", () =>
    Effect.gen(function* () {
      const { from } = yield* places
      write(from, { a: "1" })
      assert.include((yield* Effect.flip(listFiles(join(from, "a")))).message, "a workdir must be one")
    })
  )
})

describe("what is copied to a node", () => {
  it.live("arrives with folders, links and modes, and nothing but it", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      const files = { "a/b/c": "1", "empty/": "", "run.sh": "#!/bin/sh", link: "-> a/b/c", out: "-> /etc/hostname" }
      write(from, files)
      chmodSync(join(from, "run.sh"), 0o777)
      chmodSync(join(from, "a/b"), 0o750)
      yield* copy(from, home)
      assert.deepStrictEqual(read(home), {
        "w/": "",
        "w/a/": "",
        "w/a/b/": "",
        "w/a/b/c": "1",
        "w/empty/": "",
        "w/run.sh": "#!/bin/sh",
        "w/link": "-> a/b/c",
        "w/out": "-> /etc/hostname"
      })
      assert.strictEqual(statSync(join(into, "run.sh")).mode & 0o777, 0o777)
      assert.strictEqual(statSync(join(into, "a/b")).mode & 0o777, 0o750)
    })
  )

  it.live("replaces what was there, and leaves alone what is not in the list", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, { a: "new", b: "file", l: "-> new", "d/x": "1" })
      write(into, { a: "old", b: "-> elsewhere", l: "-> old", d: "a file", result: "of a job", "more/": "" })
      yield* copy(from, home)
      assert.deepStrictEqual(read(into), { a: "new", b: "file", l: "-> new", "d/": "", "d/x": "1", "more/": "", result: "of a job" })
    })
  )

  it.live("never goes through a link of the node's to a file or folder of the user's", () =>
    Effect.gen(function* () {
      const { from, home, into, root } = yield* places
      write(root, { "mine/d/x": "precious", "mine/f": "precious" })
      write(from, { "d/x": "1", f: "2" })
      write(into, { d: `-> ${join(root, "mine/d")}`, f: `-> ${join(root, "mine/f")}` })
      yield* copy(from, home)
      assert.deepStrictEqual(read(join(root, "mine")), { "d/": "", "d/x": "precious", f: "precious" })
      rmSync(into, { recursive: true })
      write(home, { w: `-> ${join(root, "mine")}` })
      yield* copy(from, home)
      assert.deepStrictEqual(read(join(root, "mine")), { "d/": "", "d/x": "precious", f: "precious" })
      assert.deepStrictEqual(read(into), { "d/": "", "d/x": "1", f: "2" })
    })
  )

  it.live("is not written again when it is there, and is when its content changed under the same size", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, { a: "1", b: "1" })
      yield* copy(from, home)
      const inode = (name: string) => statSync(join(into, name)).ino
      const before = { a: inode("a"), b: inode("b") }
      writeFileSync(join(from, "b"), "2")
      utimesSync(join(from, "b"), 1, 1)
      yield* copy(from, home)
      assert.strictEqual(inode("a"), before.a)
      assert.notStrictEqual(inode("b"), before.b)
      assert.strictEqual(readFileSync(join(into, "b"), "utf8"), "2")
    })
  )

  it.live("may come again into a folder that is read-only", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, { "d/a": "1" })
      chmodSync(join(from, "d"), 0o555)
      yield* copy(from, home)
      chmodSync(join(from, "d"), 0o755)
      write(from, { "d/b": "2" })
      chmodSync(join(from, "d"), 0o555)
      yield* copy(from, home)
      assert.deepStrictEqual(read(into), { "d/": "", "d/a": "1", "d/b": "2" })
      assert.strictEqual(statSync(join(into, "d")).mode & 0o777, 0o555)
    })
  )

  it.live("goes on without a file that vanished after it was listed", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, { a: "1", b: "2" })
      const list = yield* listFiles(from)
      unlinkSync(join(from, "a"))
      yield* copyFiles(list, home, "w")
      assert.deepStrictEqual(read(into), { b: "2" })
    })
  )

  it.live("is an error that names the folder in the way, which is kept", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      for (const [name, text, what] of [
        ["a", "1", "file"],
        ["b", "-> a", "link"]
      ] as const) {
        write(from, { [name]: text })
        write(into, { [`${name}/results`]: "of a job" })
        const error = yield* Effect.flip(copy(from, home))
        assert.include(error.message, `${join(into, name)} is a folder with files in it, and a ${what} takes its place`)
        assert.deepStrictEqual(read(join(into, name)), { results: "of a job" })
        rmSync(join(into, name), { recursive: true })
      }
    })
  )

  it.live.skipIf(process.getuid?.() === 0)("is an error that names a file which cannot be read", () =>
    Effect.gen(function* () {
      const { from, home } = yield* places
      write(from, { "d/secret": "1" })
      chmodSync(join(from, "d/secret"), 0o000)
      const error = yield* Effect.flip(copy(from, home))
      assert.include(error.message, "d/secret cannot be read")
    })
  )

  it.live.skipIf(!existsSync(shrunken))("is what could be read of a file that yields less than its size says", () =>
    Effect.gen(function* () {
      const { home } = yield* places
      yield* copyFiles(yield* listFiles(shrunken, "mount"), home, "w")
      assert.deepStrictEqual(read(home), { "w/": "", "w/online": readFileSync(shrunken, "utf8") })
    })
  )

  it.live("is no longer copied when the wait for it ends, however large it is, and no half of it stays", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, { large: "" })
      truncateSync(join(from, "large"), 2 ** 40)
      const staged = Effect.sync(() => existsSync(`${home}.incoming`) && readdirSync(`${home}.incoming`).length > 0)
      const copying = yield* Effect.forkChild(copy(from, home))
      yield* until(staged)
      yield* Fiber.interrupt(copying)
      yield* until(Effect.map(staged, (is) => !is))
      assert.deepStrictEqual(read(into), {})
    })
  )

  it.live("does not grow with a file that is written to meanwhile: the next copy brings the rest", () =>
    Effect.gen(function* () {
      const { from, home } = yield* places
      write(from, { log: "first" })
      const log = join(from, "log")
      const found = lstatSync(log)
      appendFileSync(log, " second")
      copyFile(log, join(home, "log"), found, new AbortController().signal)
      assert.deepStrictEqual(read(home), { log: "first" })
      assert.closeTo(lstatSync(join(home, "log")).mtimeMs, found.mtimeMs, 0.01)
    })
  )

  it.live("has its place to itself: what a copy left there that was killed goes", () =>
    Effect.gen(function* () {
      const { from, home } = yield* places
      write(from, { a: "1" })
      write(`${home}.incoming`, { "0123456789abcdef": "half" })
      yield* copy(from, home)
      assert.deepStrictEqual(read(`${home}.incoming`), {})
    })
  )

  it.live("leaves nothing of its own in the workdir", () =>
    Effect.gen(function* () {
      const { from, home, into } = yield* places
      write(from, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 7}/f${i}`, `${i}`])))
      yield* copy(from, home)
      assert.deepStrictEqual(read(into), read(from))
      assert.deepStrictEqual(read(`${home}.incoming`), {})
      assert.isTrue(lstatSync(`${home}.incoming`).isDirectory())
    })
  )
})
