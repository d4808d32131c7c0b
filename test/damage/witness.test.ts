/** The witness when its file does not take what is written: it never says what is not there, and loses no good word for a bad one. */
import { copyFileSync, rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Queue } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, afterEach, beforeAll, vi } from "vitest"
import { createHead, emptyHead, readHead } from "../../daemon/log/head-file.ts"
import { fileWitness } from "../../daemon/log/Witness.ts"
import { append, logId, opened, remove, temporary } from "./logs.ts"

const folder = temporary()
const empty = emptyHead(logId("7"))
let handles: FileHandle
beforeAll(async () => {
  createHead(join(folder, "fresh"), empty)
  const handle = await open(join(folder, "fresh"))
  handles = Object.getPrototypeOf(handle)
  await handle.close()
})
afterEach(() => void vi.restoreAllMocks())
afterAll(() => remove(folder))

const path = join(folder, "HEAD")
const seqSaid = () => {
  const found = readHead(path)
  return typeof found === "string" ? found : found.head.seq
}
const hash = Buffer.alloc(32, 1)

/** The file takes half of each write, and then no more, until it is mended. */
const breakWrites = () => {
  const write = handles.write as (bytes: Buffer, from: number, length: number, at: number) => Promise<unknown>
  return vi.spyOn(handles, "write").mockImplementation(async function (this: FileHandle, bytes: Buffer, _: number, __: number, at: number) {
    await write.call(this, bytes, 0, 100, at)
    throw new Error("no room")
  } as never)
}

const withWitness = <A, E>(
  use: (witness: Effect.Success<ReturnType<typeof fileWitness>>, warned: Effect.Effect<unknown>) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    copyFileSync(join(folder, "fresh"), path)
    const warnings = yield* Queue.unbounded<unknown>()
    const listener = Logger.layer([Logger.make(({ message }) => void Queue.offerUnsafe(warnings, message))])
    return yield* Effect.scoped(Effect.flatMap(fileWitness(path, empty, 0), (witness) => use(witness, Queue.take(warnings)))).pipe(
      Effect.provide(listener)
    )
  })

describe("a witness that cannot be written", () => {
  it.live("keeps its last good word, however often it fails, and catches up at a clean end", () =>
    Effect.gen(function* () {
      yield* withWitness((witness, warned) =>
        Effect.gen(function* () {
          const broken = breakWrites()
          for (const seq of [1, 2, 3]) {
            witness.advance(seq, hash)
            yield* warned
            assert.strictEqual(seqSaid(), 0)
          }
          broken.mockRestore()
        })
      )
      assert.strictEqual(seqSaid(), 3)
    })
  )
  it.live("is not settled", () =>
    withWitness((witness, warned) =>
      Effect.gen(function* () {
        breakWrites()
        witness.advance(1, hash)
        yield* warned
        const error = yield* Effect.flip(witness.settled)
        assert.strictEqual(error.message, `The witness ${path} cannot be written: no room`)
      })
    )
  )
  it.live("is written by one at a time, each slot in its turn", () =>
    withWitness((witness) =>
      Effect.gen(function* () {
        let under = 0
        const { write } = handles
        vi.spyOn(handles, "write").mockImplementation(async function (this: FileHandle, ...all: Parameters<typeof write>) {
          under += 1
          assert.strictEqual(under, 1)
          const taken = await write.apply(this, all)
          under -= 1
          return taken
        } as never)
        for (const seq of [1, 2, 3, 4]) {
          witness.advance(seq, hash)
          yield* Effect.all([witness.settled, witness.settled], { concurrency: 2 })
          assert.strictEqual(seqSaid(), seq)
        }
      })
    )
  )
  it.live("at the first start is made up for at the next, before anything is served", () =>
    Effect.gen(function* () {
      const home = temporary()
      yield* opened(home, append(2))
      rmSync(join(home, "HEAD"))
      createHead(join(home, "HEAD"), empty)
      const found = yield* opened(home, () => Effect.sync(() => readHead(join(home, "HEAD"))))
      assert.deepInclude(found, { slot: 1 })
      remove(home)
    })
  )
})

it.effect("says in one word, a second later, what a busy daemon brings meanwhile", () =>
  withWitness((witness) =>
    Effect.gen(function* () {
      const synced = Promise.withResolvers<void>()
      const datasync = handles.datasync as () => Promise<void>
      const syncs = vi.spyOn(handles, "datasync").mockImplementation(async function (this: FileHandle) {
        await datasync.call(this)
        synced.resolve()
      } as never)
      yield* Effect.yieldNow
      for (let seq = 1; seq <= 50; seq++) witness.advance(seq, hash)
      yield* TestClock.adjust(999)
      assert.strictEqual(seqSaid(), 0)
      yield* TestClock.adjust(1)
      yield* Effect.promise(() => synced.promise)
      assert.strictEqual(seqSaid(), 50)
      assert.strictEqual(syncs.mock.calls.length, 1)
    })
  )
)
