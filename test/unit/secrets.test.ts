/** The folder of secrets: whole files or none, one per request, and nothing that stays. */
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it, vi } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { Secrets } from "../../daemon/home/Secrets.ts"
import { OperationId } from "../../events/ids.ts"

const root = mkdtempSync(join(tmpdir(), "skyd-s-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let homes = 0
const fresh = () => mkdtempSync(join(root, `${++homes}-`))
const on = <A, E>(home: string, use: (secrets: Secrets["Service"]) => Effect.Effect<A, E>) =>
  Secrets.use(use).pipe(Effect.provide(Secrets.layer(home), { local: true }))
const id = (text: string) => OperationId.make(text)
const filesOf = (home: string) => readdirSync(join(home, "secrets")).sort()

describe("secrets that wait for a node", () => {
  it.live("are found by the next daemon, whatever the request was called", () => {
    const home = fresh()
    const names = ["x", "x.new", "x.tmp", "a-b_c.d"]
    return Effect.gen(function* () {
      yield* on(home, (secrets) =>
        Effect.forEach(names, (name) => secrets.keep(id(name), { TOKEN: name }), { concurrency: "unbounded", discard: true })
      )
      yield* on(home, (secrets) =>
        Effect.gen(function* () {
          assert.deepStrictEqual([...(yield* secrets.waiting)].sort(), [...names].sort())
          for (const name of names) assert.deepStrictEqual(yield* secrets.read(id(name)), { TOKEN: name })
        })
      )
    })
  })
  it.live("of a daemon that was killed while it wrote them do not stay on disk", () => {
    const home = fresh()
    return Effect.gen(function* () {
      yield* on(home, (secrets) => secrets.keep(id("whole"), { TOKEN: "1" }))
      writeFileSync(join(home, "secrets", ".half"), '{"TOKEN":"s3')
      yield* on(home, () => Effect.void)
      assert.deepStrictEqual(filesOf(home), ["whole"])
    })
  })
  it.live("that cannot be kept are refused, and leave nothing behind", () => {
    const home = fresh()
    return on(home, (secrets) =>
      Effect.gen(function* () {
        // A folder stands where the file should be moved to.
        mkdirSync(join(home, "secrets", "x"))
        const error = yield* Effect.flip(secrets.keep(id("x"), { TOKEN: "1" }))
        assert.include(error.message, "cannot be kept")
        assert.deepStrictEqual(filesOf(home), ["x"])
      })
    )
  })
  it.live("whose folder does not reach the disk are refused, and nothing of it stays open", () => {
    const home = fresh()
    const isOpen = (path: string) =>
      readdirSync("/proc/self/fd").some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === path
        } catch {
          return false
        }
      })
    return on(home, (secrets) =>
      Effect.gen(function* () {
        const folder = join(home, "secrets")
        const handle = yield* Effect.promise(() => open(folder, "r"))
        yield* Effect.promise(() => handle.close())
        const sync = vi.spyOn(Object.getPrototypeOf(handle), "sync")
        sync.mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error("EIO"))
        const error = yield* Effect.flip(secrets.keep(id("x"), { TOKEN: "1" }))
        sync.mockRestore()
        assert.include(error.message, "EIO")
        assert.isFalse(isOpen(folder))
      })
    )
  })
  it.live("are not there, rather than a defect, when their file is gone or damaged", () => {
    const home = fresh()
    return on(home, (secrets) =>
      Effect.gen(function* () {
        yield* Effect.forEach(["gone", "damaged"], (name) => secrets.keep(id(name), { TOKEN: "1" }))
        rmSync(join(home, "secrets", "gone"))
        writeFileSync(join(home, "secrets", "damaged"), "s3cret")
        const said: Array<unknown> = []
        const listen = Logger.layer([Logger.make(({ message }) => void said.push(message))])
        for (const name of ["gone", "damaged", "never"]) assert.isNull(yield* Effect.provide(secrets.read(id(name)), listen))
        assert.deepStrictEqual(said.flat(), [
          "the secrets of gone cannot be read: ENOENT",
          "the secrets of damaged cannot be read: their file is damaged"
        ])
      })
    )
  })
  it.live("are forgotten at once, so the same id can keep others", () => {
    const home = fresh()
    return on(home, (secrets) =>
      Effect.gen(function* () {
        yield* secrets.keep(id("x"), { TOKEN: "1" })
        yield* secrets.forget(id("x"))
        assert.deepStrictEqual(filesOf(home), [])
        yield* secrets.keep(id("x"), { TOKEN: "2" })
        assert.deepStrictEqual(yield* secrets.read(id("x")), { TOKEN: "2" })
      })
    )
  })
})
