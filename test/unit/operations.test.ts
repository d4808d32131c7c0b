/** Who comes back to an operation under its request id is told what happened meanwhile, wherever the log keeps it. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import * as TestClock from "effect/testing/TestClock"
import { Background } from "../../daemon/Background.ts"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { LogUnavailable } from "../../daemon/log/LogStore.ts"
import * as MemoryLogStore from "../../daemon/log/MemoryLogStore.ts"
import { Notices } from "../../daemon/Notices.ts"
import { Dispatcher } from "../../daemon/requests/Dispatcher.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import { Operations } from "../../daemon/requests/Operations.ts"
import { SshNames } from "../../daemon/ssh-names/SshNames.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { operationOf } from "../../projections/operations.ts"
import type { ServerFrame } from "../../sdk/protocol/Wire.ts"
import { asked, cluster, operation, provisioned, ready, recorded, type Said, succeeded } from "../fakes/facts.ts"

const actor = { kind: "daemon" as const, uid: 1, host: "here" }
const id = operation("r-launch")
const setUp: ReadonlyArray<Said> = [
  [{ _tag: "SetupStarted", cluster }, id],
  [{ _tag: "SetupEnded", cluster, entry: 1, observedAtMs: 1, returnCodes: [0], failedRank: null, lastLines: [], reason: null }, id],
  [{ _tag: "WorkdirSynced", cluster, files: 1, bytes: 1 }, id]
]

const around = Layer.mergeAll(SshNames.none, Notices.layer, Layer.succeed(Clouds, new Map()))

const openLog = Layer.fresh(EventLog.layer(actor)).pipe(
  Layer.provideMerge(Layer.fresh(Background.layer)),
  Layer.provide(MemoryLogStore.layer([]))
)

it.live("what cannot be read of its past is not told, and its end is", () =>
  Effect.gen(function* () {
    const log = yield* EventLog
    for (const { event, operation: own, stream } of recorded([...asked(), ...provisioned()]))
      yield* log.append({ events: [[stream, event]], operation: own, causedBy: 0, actor, expect: [] })
    const row = operationOf(log.world().operations, id)!
    const dispatcher = Layer.succeed(Dispatcher, {
      known: () => Effect.succeed({ ...row, outcome: { _tag: "succeeded" as const, result: {} } }),
      dispatch: () => Effect.succeed({ _tag: "Operation" as const, row })
    })
    const readStream = () => Stream.fail(new LogUnavailable({ operation: "read", message: "The index is gone." }))
    const frames: Array<ServerFrame> = []
    const reply = { send: (frame: ServerFrame) => Effect.sync(() => void frames.push(frame)) }
    const running = yield* Operations.use((operations) =>
      operations.run("launch", { id: 1, method: "launch", requestId: id }, reply as never)
    ).pipe(
      Effect.provide(Operations.layer.pipe(Layer.provide([dispatcher, around, Layer.succeed(EventLog, { ...log, readStream })]))),
      Effect.forkChild({ startImmediately: true })
    )
    const [{ event, operation: own, stream }] = recorded([succeeded()]) as [Recorded]
    yield* log.append({ events: [[stream, event]], operation: own, causedBy: 0, actor, expect: [] })
    yield* Fiber.join(running)
    assert.strictEqual(frames.at(-1)?.type, "result")
  }).pipe(Effect.provide(openLog))
)

it.live("the end of a setup that fell into the gap is shown, in its place", () =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const append = (facts: ReadonlyArray<Said>) =>
      Effect.forEach(recorded(facts), ({ event, operation: own, stream }) =>
        log.append({ events: [[stream, event]], operation: own, causedBy: 0, actor, expect: [] })
      )
    yield* append([...asked(), ...provisioned(), ...ready(), ...setUp])
    const known = Effect.sync(() => operationOf(log.world().operations, id))
    const dispatcher = Layer.succeed(Dispatcher, {
      known: () => known,
      dispatch: () => Effect.map(known, (row) => ({ _tag: "Operation" as const, row: row! }))
    })
    const frames: Array<ServerFrame> = []
    const reply = { send: (frame: ServerFrame) => Effect.sync(() => void frames.push(frame)) }
    const followed = yield* Operations.use((operations) =>
      operations.run("launch", { id: 1, method: "launch", requestId: id }, reply as never)
    ).pipe(Effect.provide(Operations.layer.pipe(Layer.provide([dispatcher, around]))), Effect.forkChild({ startImmediately: true }))
    yield* append([succeeded()])
    while (followed.pollUnsafe() === undefined) yield* Effect.promise(() => new Promise(setImmediate))
    const said = frames.flatMap((frame) => (frame.type === "progress" ? [`${frame.data.phase} ${frame.data.state}`] : [frame.type]))
    assert.deepStrictEqual(said.slice(-4), ["setup running", "setup done", "sync done", "result"])
  }).pipe(Effect.provide(openLog))
)

it.live("how far a step is comes between its facts, under the position of the last one", () =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const append = (facts: ReadonlyArray<Said>) =>
      Effect.forEach(recorded(facts), ({ event, operation: own, stream }) =>
        log.append({ events: [[stream, event]], operation: own, causedBy: 0, actor, expect: [] })
      )
    yield* append([...asked(), ...provisioned(), ...ready()])
    const known = Effect.sync(() => operationOf(log.world().operations, id))
    const dispatcher = Layer.succeed(Dispatcher, {
      known: () => known,
      dispatch: () => Effect.map(known, (row) => ({ _tag: "Operation" as const, row: row! }))
    })
    const frames: Array<ServerFrame> = []
    const reply = { send: (frame: ServerFrame) => Effect.sync(() => void frames.push(frame)) }
    const followed = yield* Operations.use((operations) =>
      operations.run("launch", { id: 1, method: "launch", requestId: id }, reply as never)
    ).pipe(Effect.provide(Operations.layer.pipe(Layer.provide([dispatcher, around]))), Effect.forkChild({ startImmediately: true }))
    const ongoing = yield* Ongoing
    const last = () => frames.flatMap((frame) => (frame.type === "progress" ? [frame.data] : [])).at(-1)
    while (last()?.phase !== "bootstrap") yield* Effect.promise(() => new Promise(setImmediate))
    const { at } = last()!
    for (const detail of ["1 of 2 MB", "2 of 2 MB"]) ongoing.say(id, { phase: "sync", detail })
    yield* append(setUp.slice(-1))
    yield* append([succeeded()])
    while (followed.pollUnsafe() === undefined) yield* Effect.promise(() => new Promise(setImmediate))
    const said = frames.flatMap((frame) => (frame.type === "progress" && frame.data.phase === "sync" ? [frame.data] : []))
    assert.deepStrictEqual(
      said.map(({ at: own, detail, passing, state }) => [own - at, state, detail, passing ?? false]),
      [
        [0, "running", "1 of 2 MB", true],
        [0, "running", "2 of 2 MB", true],
        [1, "done", "workdir, 1 file, 1 B", false]
      ]
    )
  }).pipe(Effect.provide(openLog))
)

it.effect("a machine that is waited for is told as that begins, and each minute with how long it is and what may be done", () =>
  Effect.gen(function* () {
    const log = yield* EventLog
    for (const { event, operation: own, stream } of recorded([...asked(), ...provisioned()]))
      yield* log.append({ events: [[stream, event]], operation: own, causedBy: 0, actor, expect: [] })
    const row = operationOf(log.world().operations, id)!
    const known = Effect.succeed(row)
    const dispatcher = Layer.succeed(Dispatcher, {
      known: () => known,
      dispatch: () => Effect.succeed({ _tag: "Operation" as const, row })
    })
    const news: Array<string> = []
    const send = (frame: ServerFrame) =>
      Effect.sync(() => void (frame.type === "progress" && frame.data.passing && frame.data.news && news.push(frame.data.detail)))
    const ongoing = yield* Ongoing
    const running = yield* Operations.use((operations) =>
      operations.run("launch", { id: 1, method: "launch", requestId: id }, { send } as never)
    ).pipe(Effect.provide(Operations.layer.pipe(Layer.provide([dispatcher, around]))), Effect.forkChild({ startImmediately: true }))
    const waits = { phase: "bootstrap", sinceMs: 0, way: "to end it: sky down train" } as const
    ongoing.say(id, { ...waits, detail: "waiting for ssh on 10.0.0.4" })
    yield* TestClock.adjust("2 seconds")
    ongoing.say(id, { ...waits, detail: "waiting for ssh: no route" })
    yield* TestClock.adjust("130 seconds")
    assert.deepStrictEqual(news, [
      "waiting for ssh on 10.0.0.4",
      "waiting for ssh: no route, 1 min 0 s; to end it: sky down train",
      "waiting for ssh: no route, 2 min 0 s; to end it: sky down train"
    ])
    ongoing.over(id)
    yield* TestClock.adjust("5 minutes")
    assert.lengthOf(news, 3)
    yield* Fiber.interrupt(running)
  }).pipe(Effect.provide(openLog))
)
