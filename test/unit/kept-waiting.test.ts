/** Who waits for a cluster is told what its cloud has not said, once that takes longer than a moment; `status` says it as well. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { end } from "../../daemon/reactors/end-machines.ts"
import { tellingOwner } from "../../daemon/reactors/kept-waiting.ts"
import type { Hands } from "../../daemon/reactors/raise-machines.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { cluster, operation, requested, rowAfter, type Said, up, worldOf } from "../fakes/facts.ts"

const facts = [...up(), requested("down"), [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"] as const]
const row = rowAfter(facts)!

it.effect("is told after two seconds, with how long that is in its status, and not any more once it has answered", () =>
  Effect.gen(function* () {
    const ongoing = yield* Ongoing
    const told: Array<string> = []
    ongoing.follow(operation("r-down"), ({ detail, phase }) => void told.push(`${phase} ${detail}`))
    yield* Effect.forkChild(tellingOwner(row, { name: "aws" }, Effect.sleep("1 minute")))
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(told, [])
    yield* TestClock.adjust("4 seconds")
    assert.deepStrictEqual(told, ["queued for AWS to say whose the credentials are"])
    const view = () => clusterView(row, worldOf(facts).jobs, 5_000, ongoing.last(operation("r-down"))).reason
    assert.strictEqual(view(), "waits for AWS to say whose the credentials are, 5 s")
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(view(), "being torn down")
  })
)

it.effect.each([
  ["stop", "stop", { _tag: "StopRequested", cluster, purge: false, lastUse: "" }],
  ["down", "end", { _tag: "DownRequested", cluster, purge: false, lastUse: "" }]
] as const)("a %s whose cloud does not come to it says what it waits for, until why it failed is known", ([method, verb, asked]) =>
  Effect.gen(function* () {
    const facts: ReadonlyArray<Said> = [...up(), requested(method), [asked, `r-${method}`]]
    const own = rowAfter(facts)!
    const ongoing = yield* Ongoing
    const cloud = { name: "aws", stop: () => Effect.never, terminate: () => Effect.never, identityNow: Effect.succeed(null) }
    const inherited = { mayStart: () => false, known: () => Effect.void }
    const hands = { cloud, couriers: { halt: () => Effect.void }, inherited, log: "l" } as unknown as Hands
    const during = Effect.fnUntraced(function* (row: ClusterRow) {
      const ending = yield* Effect.forkChild(end(row, row.nodes, hands))
      yield* TestClock.adjust("8 seconds")
      const said = clusterView(row, worldOf(facts).jobs, 8_000, ongoing.last(operation(`r-${method}`))).reason
      yield* Fiber.interrupt(ending)
      assert.isUndefined(ongoing.last(operation(`r-${method}`)))
      return said
    })
    assert.strictEqual(yield* during(own), `waits for AWS to ${verb} its machine, 8 s`)
    const failed: Said = { _tag: "ActionFailed", cluster, action: "StopNodes", message: "AWS is not reached", retryAtMs: 1 }
    assert.include(yield* during(rowAfter([...facts, failed])!), "and waits: AWS is not reached")
  })
)
