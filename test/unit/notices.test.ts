/** Notices stand in every answer that the protocol says has them, and who follows the log is told of one when it appears. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as Stream from "effect/Stream"
import { Catalogs } from "../../daemon/catalog/Catalogs.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { Leaks } from "../../daemon/leaks/Leaks.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { Lifecycle } from "../../daemon/life/Lifecycle.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogStore } from "../../daemon/log/LogStore.ts"
import { Notices } from "../../daemon/Notices.ts"
import { Queries } from "../../daemon/queries/Queries.ts"
import { Couriers } from "../../daemon/reactors/couriers/Couriers.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { Unlogged } from "../../daemon/read-only/Unlogged.ts"
import * as World from "../../daemon/World.ts"
import { type QueryName, queries } from "../../sdk/protocol/methods.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { recorded, up } from "../fakes/facts.ts"
import { packed } from "./catalog/packed.ts"

const facts = recorded(up())
const world = facts.reduce(World.apply, World.empty)
const log = {
  read: (from: number, to: number) => Stream.fromIterable(facts.slice(from - 1, to)),
  keptAt: Effect.succeed([]),
  kept: () => Effect.succeed(undefined),
  world: () => world,
  tip: () => ({ world, hash: Buffer.alloc(32) }),
  follow: () => () => {}
}
const layer = Queries.layer.pipe(
  Layer.provide(Leaks.layer),
  Layer.provide([
    Layer.succeed(EventLog, log as never),
    Layer.succeed(Clouds, new Map()),
    Layer.succeed(Catalogs, packed),
    Layer.mock(Couriers, {}),
    Layer.mock(LogStore, {}),
    Layer.succeed(Lifecycle, { end: () => {}, ended: Effect.never }),
    Layer.succeed(Identity, {} as never),
    Reactors.on,
    Unlogged.refused
  ]),
  Layer.provideMerge(Notices.layer)
)

/** What is asked, and the values that have come. */
const asking = (method: QueryName, params: object) => {
  const values: Array<Record<string, unknown>> = []
  const send = (frame: ServerFrame) =>
    Effect.sync(() => void (frame.type === "result" && values.push(frame.data.value as Record<string, unknown>)))
  const reply = { send, push: () => undefined, isFull: () => false, whenDrained: () => undefined }
  return { values, asked: Queries.use((all) => all.answer(method, { id: 1, method, params }, reply)) }
}
/** Of those that must be asked something. Nothing is fetched. */
const params: { readonly [Q in QueryName]?: object } = { optimize: { task: {} }, "catalog.update": { clouds: [] } }
const full = "The disk is full."
const withNotices = (Object.keys(queries) as Array<QueryName>).filter((name) => "notices" in queries[name].result.fields)

describe("a notice", () => {
  it("stands in every answer about what there is", () => {
    for (const name of ["status", "queue", "logs", "events", "replay", "operations", "daemon.status"]) assert.include(withNotices, name)
  })
  it.effect.each(withNotices.filter((name) => name !== "events.follow" && name !== "logs"))(
    "is in an answer to %s, while there is one",
    (method) =>
      Effect.gen(function* () {
        const { asked, values } = asking(method, params[method] ?? {})
        yield* asked
        ;(yield* Notices).set("disk", full)
        yield* asked
        assert.deepStrictEqual(
          values.map(({ notices }) => notices),
          [undefined, [full]]
        )
      }).pipe(Effect.provide(layer))
  )
  it.effect("is told before a job's output, which may take hours", () =>
    Effect.gen(function* () {
      ;(yield* Notices).set("disk", full)
      const { asked, values } = asking("logs", { clusterName: "nope" })
      yield* Effect.flip(asked)
      assert.deepStrictEqual(values, [{ notices: [full] }])
    }).pipe(Effect.provide(layer))
  )
  it.effect("that costs little to find out is true at the moment of the answer", () =>
    Effect.gen(function* () {
      const notices = yield* Notices
      let isFull = false
      notices.watch("disk", () => (isFull ? full : null))
      const { asked, values } = asking("status", {})
      for (const now of [false, true, false]) {
        isFull = now
        yield* asked
      }
      // What cannot be found out any more is as it was.
      notices.watch("disk", () => {
        throw new Error("no such folder")
      })
      yield* asked
      assert.deepStrictEqual(
        values.map((value) => value["notices"]),
        [undefined, [full], undefined, undefined]
      )
    }).pipe(Effect.provide(layer))
  )
  it.effect.each(["status", "queue", "daemon.status", "daemon.stop"] as const)(
    "of a damaged log makes an answer to %s incomplete, and no other does",
    (method) =>
      Effect.gen(function* () {
        const notices = yield* Notices
        const { asked, values } = asking(method, {})
        notices.set("disk", full)
        yield* asked
        notices.set("damage", "The log is damaged.")
        yield* asked
        assert.deepStrictEqual(
          values.map(({ incomplete }) => incomplete),
          [undefined, true]
        )
      }).pipe(Effect.provide(layer))
  )
  it.effect("is told to who follows the log: those there are, and each one that appears, once", () =>
    Effect.gen(function* () {
      const notices = yield* Notices
      notices.set("reactors", "All is left alone.")
      const { asked, values } = asking("events.follow", {})
      const following = yield* Effect.forkChild(asked, { startImmediately: true })
      const told = (count: number) =>
        Effect.gen(function* () {
          while (values.length < count) yield* Effect.yieldNow
        })
      yield* told(1)
      notices.set("disk", full)
      notices.set("disk", "The disk is fuller.")
      yield* told(2)
      notices.set("disk", "The disk is fuller still.")
      notices.set("disk", null)
      notices.set("disk", full)
      yield* told(3)
      yield* Fiber.interrupt(following)
      notices.set("other", "Nobody listens.")
      assert.deepStrictEqual(values, [{ notices: ["All is left alone."] }, { notices: [full] }, { notices: [full] }])
    }).pipe(Effect.provide(layer))
  )
})

describe("a daemon that holds the last whole copy of its log", () => {
  const stop = (params: object) =>
    Effect.gen(function* () {
      ;(yield* Notices).watch("places", () => "The log is gone.")
      const { asked, values } = asking("daemon.stop", params)
      yield* asked
      return values[0]?.["stopping"]
    }).pipe(Effect.provide(layer))

  it.effect("is not ended, and whoever asks is told how to save it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(stop({}))
      assert.include(error.message, "sky audit export FILE")
      assert.include(error.hint, "sky daemon stop --force")
    })
  )
  it.effect("makes no room for a newer build, and is ended by who insists", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* stop({ ifIdle: true }))
      assert.isTrue(yield* stop({ force: true }))
    })
  )
})

it.effect("over a damaged log nothing is refreshed, and that is said", () =>
  Effect.gen(function* () {
    ;(yield* Notices).set("damage", "The log is damaged.")
    const error = yield* Effect.flip(asking("status", { refresh: true }).asked)
    assert.include(error.message, "nothing is refreshed")
  }).pipe(Effect.provide(layer))
)
