/** What the log's writer keeps in memory of keys: what is ahead of the disk, and what live clusters are asked for by. All else is on disk. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Acceptor, type Append } from "../../daemon/log/Acceptor.ts"
import { genesis } from "../../daemon/log/chain.ts"
import * as World from "../../daemon/World.ts"
import { type Key, nameKey } from "../../events/keys.ts"
import { cluster, created, journal, name, operation, recorded, requested, type Said, started } from "../fakes/facts.ts"

const gone: Said = { _tag: "ClusterGone", cluster, name, reason: "" }
const stream: Key = `cluster/${cluster}` as never
const free: Append["expect"] = [[nameKey(name), 0]]

/** Which keys it asks the disk for. */
const writer = () => {
  const asked: Array<Key> = []
  const stored = (key: Key) => Effect.sync(() => asked.push(key)).pipe(Effect.as(0))
  const acceptor = new Acceptor(World.empty, genesis("0".repeat(26)), stored)
  const accept = (facts: ReadonlyArray<Said>, expect: Append["expect"] = []) =>
    Effect.gen(function* () {
      const events = recorded(facts).map(({ event, stream: of }) => [of, event] as const)
      const actor = { kind: "daemon" as const, uid: 1, host: "here" }
      const packed = yield* acceptor.accept({ events, operation: operation("x"), causedBy: 0, actor, expect }, 1)
      return Result.getOrThrow(packed).map(({ entry }) => entry)
    })
  /** The keys that it does not find in memory. */
  const missing = (...keys: ReadonlyArray<Key>) =>
    Effect.gen(function* () {
      asked.length = 0
      for (const key of keys)
        yield* acceptor.accept({ events: [], operation: null, causedBy: 0, actor: {} as never, expect: [[key, 999_999]] }, 1)
      return [...asked]
    })
  return { accept, acceptor, missing }
}

describe("the positions of keys", () => {
  const all = [stream, nameKey(name), "request/r-stop", `journal/${journal}` as Key] as const
  it.effect("are in memory until they are on disk; then only a live cluster's stream and name are", () =>
    Effect.gen(function* () {
      const { accept, acceptor, missing } = writer()
      const entries = yield* accept([created, requested("stop"), started()], free)
      assert.deepStrictEqual(yield* missing(...all), [])
      acceptor.forget(entries)
      assert.deepStrictEqual(yield* missing(...all), all.slice(2))
    })
  )
  it.effect("of a cluster that is gone are given back, its stream's too", () =>
    Effect.gen(function* () {
      const { accept, acceptor, missing } = writer()
      acceptor.forget([...(yield* accept([created, requested("stop")])), ...(yield* accept([gone]))])
      assert.deepStrictEqual(yield* missing(...all), [...all])
    })
  )
  it.effect("that moved again meanwhile stay: the disk does not know yet", () =>
    Effect.gen(function* () {
      const { accept, acceptor, missing } = writer()
      const first = yield* accept([created], free)
      const second = yield* accept([gone])
      const third = yield* accept([created], free)
      acceptor.forget(first)
      assert.deepStrictEqual(yield* missing(stream, nameKey(name)), [])
      acceptor.forget(second)
      assert.deepStrictEqual(yield* missing(stream, nameKey(name)), [])
      acceptor.forget(third)
      acceptor.forget(yield* accept([gone]))
      assert.deepStrictEqual(yield* missing(stream, nameKey(name)), [stream, nameKey(name)])
    })
  )
})
