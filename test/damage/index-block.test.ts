/** A block of the store that holds nothing but the index and cannot be read: the events decide, and the daemon starts. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Result, Stream } from "effect"
import { afterAll, beforeAll } from "vitest"
import { Identity } from "../../daemon/life/Identity.ts"
import { begin } from "../../daemon/life/lives.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { daemonStream } from "../../events/Recorded.ts"
import { append, change, filesOf, inStore, opened, remove, temporary } from "./logs.ts"

const home = temporary()
afterAll(() => remove(home))
const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const identity = Layer.succeed(Identity, { home, socket: "", version: "0", build: "", pid: 1, user: "ann", actor, startedAtMs: 0 })
const life = (log: EventLog["Service"]) => begin.pipe(Effect.provideService(EventLog, log), Effect.provide(identity))

const count = 3000
beforeAll(() =>
  Effect.runPromise(
    Effect.gen(function* () {
      yield* opened(home, append(count))
      yield* opened(home, life)
      yield* inStore(home, (db) => (db as unknown as { compactRange: (from: string, to: string) => Promise<void> }).compactRange("", "~"))
      // The index comes last, and what a key has in common with the one before it is not stored.
      const key: string = daemonStream
      for (const file of filesOf(home, ".ldb"))
        change(file, (bytes) => {
          const at = bytes.lastIndexOf(key)
          return at < 0 ? bytes : bytes.fill(0xff, at - 100, at + 100)
        })
    })
  )
)

it.live("no life is counted, and one begins", () =>
  opened(home, (log) =>
    Effect.gen(function* () {
      assert.isTrue(Result.isFailure(yield* Effect.result(Stream.runCollect(log.readStream(daemonStream, 1)))))
      assert.deepStrictEqual(yield* life(log), { ends: 0, since: count + 3 })
      assert.lengthOf(yield* Stream.runCollect(log.read(1, log.world().at)), count + 3)
    })
  )
)
