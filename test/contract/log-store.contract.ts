/** What every LogStore must do. Called by one test file per implementation. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Stream } from "effect"
import type { LogDamaged } from "../../daemon/log/LogDamaged.ts"
import { type Entry, type LogLocked, LogStore, type LogUnavailable } from "../../daemon/log/LogStore.ts"
import type { Key } from "../../events/keys.ts"

export const logStoreContract = (name: string, open: () => Layer.Layer<LogStore, LogUnavailable | LogLocked | LogDamaged>) => {
  const stream = (n: number) => `cluster/0000000000000000000000000${n}` as Key
  const entry = (seq: number, keys: ReadonlyArray<Key> = [stream(seq % 2)], freed: ReadonlyArray<Key> = []): Entry => ({
    seq,
    value: Buffer.from(`value ${seq}`),
    keys,
    freed
  })
  const withStore = <A, E>(use: (store: LogStore["Service"]) => Effect.Effect<A, E>) => LogStore.use(use).pipe(Effect.provide(open()))
  const texts = (stored: ReadonlyArray<{ readonly value: Uint8Array }>) => stored.map(({ value }) => Buffer.from(value).toString())

  describe(`${name} keeps the LogStore contract`, () => {
    it.live("starts empty", () =>
      withStore((store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* Stream.runCollect(store.scan(1)), [])
          assert.isUndefined(yield* store.last)
          assert.isUndefined(yield* store.get(1))
          assert.isUndefined(yield* store.requestSeq("r-1"))
        })
      )
    )
    it.live("scans in order from any position, across pages", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write([1, 2, 3].map((seq) => entry(seq)))
          yield* store.write(Array.from({ length: 2500 }, (_, i) => entry(i + 4)))
          const stored = (yield* Stream.runCollect(store.scan(17))).flat()
          assert.deepStrictEqual(
            stored.map(({ seq }) => seq),
            Array.from({ length: 2503 - 16 }, (_, i) => i + 17)
          )
          assert.strictEqual(texts(stored)[0], "value 17")
          assert.strictEqual((yield* store.last)?.seq, 2503)
        })
      )
    )
    it.live("gives all that it holds as of one moment: values in order, from any on, then the index of them all", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write([
            entry(1, [stream(1), "name/a", "request/r-1"]),
            entry(2, [stream(2), "name/b"]),
            entry(3, [stream(1)], ["name/a"])
          ])
          const pages = yield* Stream.runCollect(store.everything(1))
          assert.deepStrictEqual(texts(pages.flatMap(({ values }) => values)), ["value 1", "value 2", "value 3"])
          const index = pages.flatMap(({ index }) => index).map(({ key, seq }) => `${key} ${seq}`)
          assert.deepStrictEqual(index.sort(), [`${stream(1)} 1`, `${stream(1)} 3`, `${stream(2)} 2`, "name/b 2", "request/r-1 1"].sort())
          const last = yield* Stream.runCollect(store.everything(3))
          assert.deepStrictEqual(texts(last.flatMap(({ values }) => values)), ["value 3"])
          assert.strictEqual(last.flatMap(({ index }) => index).length, index.length)
        })
      )
    )
    it.live("gives nothing of what is written meanwhile, neither the values nor their index", () =>
      withStore((store) =>
        Effect.gen(function* () {
          const count = 2500
          yield* store.write(Array.from({ length: count }, (_, i) => entry(i + 1)))
          let [values, index] = [0, 0]
          yield* Stream.runForEach(store.everything(1), (page) => {
            const written = values === 0 ? store.write([entry(count + 1)]) : Effect.void
            values += page.values.length
            index += page.index.length
            return written
          })
          assert.deepStrictEqual([values, index], [count, count])
        })
      )
    )
    it.live("gives each value by its number", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write([entry(1), entry(2)])
          assert.deepStrictEqual(texts([{ value: (yield* store.get(2))! }]), ["value 2"])
          assert.isUndefined(yield* store.get(3))
        })
      )
    )
    it.live("knows which event began a request", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write([entry(1, [stream(1), "name/a", "request/r-1"]), entry(2, [stream(2)], ["name/a"])])
          assert.strictEqual(yield* store.requestSeq("r-1"), 1)
          assert.isUndefined(yield* store.requestSeq("r-2"))
        })
      )
    )
    it.live("scans one stream and no other", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write(Array.from({ length: 20 }, (_, i) => entry(i + 1)))
          const own = yield* Stream.runCollect(store.scanStream(stream(1), 6))
          assert.deepStrictEqual(
            own.map(({ seq }) => seq),
            [7, 9, 11, 13, 15, 17, 19]
          )
        })
      )
    )
    it.live("keeps states beside the values, by position, until they are dropped", () =>
      withStore((store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* store.snapshots, [])
          for (const seq of [100, 9]) yield* store.keepSnapshot(seq, Buffer.from(`state ${seq}`))
          assert.deepStrictEqual(yield* store.snapshots, [9, 100])
          assert.deepStrictEqual(texts([{ value: (yield* store.snapshot(100))! }]), ["state 100"])
          assert.deepStrictEqual(yield* Stream.runCollect(store.scan(1)), [])
          yield* store.dropSnapshot(100)
          assert.deepStrictEqual(yield* store.snapshots, [9])
          assert.isUndefined(yield* store.snapshot(100))
        })
      )
    )
    it.live("a scan is a snapshot", () =>
      withStore((store) =>
        Effect.gen(function* () {
          yield* store.write([entry(1), entry(2)])
          const seen = yield* store.scan(1).pipe(
            Stream.tap(() => store.write([entry(3)])),
            Stream.runCollect
          )
          assert.deepStrictEqual(texts(seen.flat()), ["value 1", "value 2"])
        })
      )
    )
  })
}
