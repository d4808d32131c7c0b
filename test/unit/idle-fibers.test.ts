/** What goes on beside all requests survives its own defects: they are said, and it looks again. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { Disk } from "../../daemon/home/Disk.ts"
import { genesis } from "../../daemon/log/chain.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import * as SnapshotKeeper from "../../daemon/log/SnapshotKeeper.ts"
import { Notices } from "../../daemon/Notices.ts"
import * as World from "../../daemon/World.ts"
import { remove, temporary } from "../damage/logs.ts"

const listening = (said: Array<string>) => Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])

it.effect("the look at the disk goes on after one that throws", () => {
  const said: Array<string> = []
  const home = temporary()
  mkdirSync(join(home, "gone", "log"), { recursive: true })
  for (const name of ["HEAD", "log/CURRENT"]) writeFileSync(join(home, "gone", name), "")
  return Effect.gen(function* () {
    yield* Disk
    // Nothing can be said of a folder that is not there.
    remove(join(home, "gone"))
    yield* TestClock.adjust("26 seconds")
    assert.deepStrictEqual(
      said.map((line) => line.split(",")[0]),
      ["The disk cannot be looked at:", "The disk cannot be looked at:", "The disk cannot be looked at:"]
    )
    remove(home)
  }).pipe(Effect.provide(Disk.layer(join(home, "gone")).pipe(Layer.provide(Notices.layer), Layer.provideMerge(listening(said)))))
})

it.effect("states are kept again after one that cannot be printed", () => {
  const said: Array<string> = []
  let follower = () => {}
  const at = 20_000
  let world = { ...World.empty, at, clusters: 1n as never }
  const log = {
    tip: () => ({ world, hash: genesis(MemoryLogStore.memoryLog) }),
    takeMarks: () => [],
    follow: (given: () => void) => {
      follower = given
      return () => {}
    }
  } as unknown as EventLog["Service"]
  return Effect.gen(function* () {
    const store = yield* LogStore
    yield* TestClock.adjust("2 seconds")
    assert.match(said.join(), /^The state cannot be kept beside the log:,TypeError: .*BigInt/)
    world = { ...World.empty, at } as never
    follower()
    yield* TestClock.adjust("2 seconds")
    follower()
    yield* TestClock.adjust("2 seconds")
    assert.deepStrictEqual(yield* store.snapshots, [at])
  }).pipe(
    Effect.provide(
      SnapshotKeeper.layer.pipe(
        Layer.provide(Layer.succeed(EventLog, log)),
        Layer.provideMerge(MemoryLogStore.layer()),
        Layer.provideMerge(listening(said))
      )
    )
  )
})
