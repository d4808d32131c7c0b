/** The index helps to find, and the events decide: where it is damaged, a command is carried out all the same, or says that it is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Level } from "level"
import { afterAll, beforeAll } from "vitest"
import { Clouds } from "../../daemon/clouds/Clouds.ts"
import { Disk } from "../../daemon/home/Disk.ts"
import { Identity } from "../../daemon/life/Identity.ts"
import { EventLog } from "../../daemon/log/EventLog.ts"
import { Abandoned } from "../../daemon/reactors/Abandoned.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { Dispatcher } from "../../daemon/requests/Dispatcher.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { cluster, name, offer, operation, recorded, requested, type Said, succeeded, up } from "../fakes/facts.ts"
import { secretsIn } from "../sim/SimDaemon.ts"
import { copyOf, inStore, opened, remove, temporary } from "./logs.ts"

const actor = { kind: "user" as const, uid: 1, host: "here" }
const cloud = {
  name: "local",
  lackOf: () => null,
  identity: Effect.succeed(null),
  offers: () => Effect.succeed({ offers: [offer], reason: null })
}
const services = Dispatcher.layer.pipe(
  Layer.provide([
    Disk.endless,
    Abandoned.off,
    Reactors.on,
    secretsIn(new Map()),
    Layer.succeed(Clouds, new Map([["local", cloud as never]])),
    Layer.succeed(Identity, { home: "/h", socket: "", version: "0", build: "", pid: 1, user: "ann", actor, startedAtMs: 0 })
  ])
)

const digits = (seq: number) => String(seq).padStart(16, "0")
const at = (seq: number) => Buffer.from(digits(seq))
/** So many that the first one is in memory no more. */
const later = Array.from({ length: 1000 }, (_, i) => `r-${i}`)
const old = "r-launch"
const pastEnd = 999_999
const homes: Array<string> = []
/** Of the old request: its fact, and that of its end. */
let [first, last] = [0, 0]

beforeAll(async () => {
  const home = temporary()
  homes.push(home)
  const append = (log: EventLog["Service"]) => (facts: ReadonlyArray<Said>) => {
    const events = recorded(facts).map(({ event, operation: own, stream }) => [stream, event, own!] as const)
    return log.append({ events, operation: null, causedBy: 0, actor, expect: [] })
  }
  const write = (log: EventLog["Service"]) =>
    Effect.gen(function* () {
      const facts = yield* append(log)(up())
      first = facts.find(({ event }) => event._tag === "OperationRequested")!.seq
      last = facts.find(({ event }) => event._tag === "OperationSucceeded")!.seq
      yield* Effect.forEach(later, (id) => append(log)([requested("exec", id), succeeded(id)]), { concurrency: 256 })
    })
  await Effect.runPromise(opened(home, write))
})
afterAll(() => {
  for (const home of homes) remove(home)
})

type Change = (db: Level<string, Buffer>) => Promise<unknown>

/** What a daemon does over a copy whose index was changed. */
const over = <A, E>(change: Change, use: (dispatcher: Dispatcher["Service"], log: EventLog["Service"]) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const home = copyOf(homes[0]!)
    homes.push(home)
    yield* inStore(home, change)
    return yield* opened(home, (log) =>
      Dispatcher.use((dispatcher) => use(dispatcher, log)).pipe(
        Effect.provide(services.pipe(Layer.provide(Layer.succeed(EventLog, log))), { local: true })
      )
    )
  })
const send = (dispatcher: Dispatcher["Service"], method: CommandName, params: object, requestId: string = `new-${method}`) =>
  dispatcher.dispatch({ method, params, requestId: operation(requestId), caller: undefined })

const own = `s/cluster/${cluster}/`
const cleared: Change = async (db) => {
  for (const prefix of ["s/", "n/", "r/"]) await db.clear({ gte: prefix, lt: `${prefix}~` })
}

describe("a command is carried out", () => {
  it.live.each<readonly [string, Change]>([
    ["when the whole index is gone", cleared],
    ["when its cluster's facts are not found", (db) => db.clear({ gte: own, lt: `${own}~` })],
    ["when the last one of them is not found", (db) => db.clear({ gte: own, lt: `${own}~`, reverse: true, limit: 1 })],
    ["when the index has one of them past the end", (db) => db.put(`${own}${digits(pastEnd)}`, at(pastEnd))],
    ["when its cluster's name is not found", (db) => db.del(`n/${name}`)],
    ["when its cluster's name is at another event", (db) => db.put(`n/${name}`, at(1))],
    ["when its cluster's name is past the end", (db) => db.put(`n/${name}`, at(pastEnd))],
    ["when its cluster's name is at nothing that is a number", (db) => db.put(`n/${name}`, Buffer.from("x"))]
  ])("%s", ([, change]) =>
    over(change, (dispatcher) =>
      Effect.gen(function* () {
        for (const method of ["autostop", "down"] as const) {
          const params = method === "autostop" ? { clusterName: name, idleMinutes: 5 } : { clusterName: name }
          assert.strictEqual((yield* send(dispatcher, method, params))._tag, "Operation")
        }
      })
    )
  )
  it.live.each([1, pastEnd])("on a name that the index holds for taken, by event %i", (seq) =>
    over(
      (db) => db.put("n/free", at(seq)),
      (dispatcher, log) =>
        Effect.gen(function* () {
          yield* send(dispatcher, "launch", { task: { run: "true" }, clusterName: "free" })
          assert.isDefined(rowNamed(log.world().clusters, "free"))
        })
    )
  )
  it.live("once, although the index does not have its request", () =>
    over(cleared, (dispatcher, log) =>
      Effect.gen(function* () {
        const asked = yield* dispatcher.known(operation(later.at(-1)!))
        assert.strictEqual(asked?.requestedSeq, log.world().at - 1)
      })
    )
  )
})

describe("a request that ended long ago", () => {
  it.live("is found where the index is sound", () =>
    over(
      async () => {},
      (dispatcher, log) =>
        Effect.gen(function* () {
          assert.isUndefined(operationOf(log.world().operations, old))
          assert.strictEqual((yield* dispatcher.known(operation(old)))?.outcome._tag, "succeeded")
        })
    )
  )
  it.live.each<readonly [string, string, Change]>([
    ["is at another event", old, (db) => db.put(`r/${old}`, at(last))],
    ["is past the end", old, (db) => db.put(`r/${old}`, at(pastEnd))],
    ["is at nothing that is a number", old, (db) => db.put(`r/${old}`, Buffer.from("x"))],
    ["is at nothing", old, (db) => db.put(`r/${old}`, Buffer.alloc(0))],
    ["has its first fact under no stream", old, (db) => db.del(`${own}${digits(first)}`)],
    ["has its end under no stream", old, (db) => db.del(`${own}${digits(last)}`)],
    ["was never made", "r-never", (db) => db.put("r/r-never", at(first))]
  ])("is not carried out again, and not answered wrongly, when by the index it %s", ([, id, change]) =>
    over(change, (dispatcher, log) =>
      Effect.gen(function* () {
        const before = log.world().at
        const error = yield* Effect.flip(send(dispatcher, "down", { clusterName: name }, id))
        assert.strictEqual(error._tag, "AuditError")
        assert.match(error.message, /^The index of the log is damaged: /)
        assert.match(error.hint!, /sky audit verify/)
        assert.strictEqual(log.world().at, before)
        // All other requests are.
        assert.strictEqual((yield* send(dispatcher, "down", { clusterName: name }))._tag, "Operation")
      })
    )
  )
})
