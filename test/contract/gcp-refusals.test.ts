/** How far a refusal of Compute Engine is believed: never that a machine is not there which may be, nor of what it was not asked about. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import type { CloudError } from "../../daemon/clouds/Cloud.ts"
import { inherited, until } from "./cloud-nodes.ts"
import { gcpScene, zone } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const { gce, daemonOver, one, fault, calm, live } = gcpScene()

const timing = (times: object) => Effect.promise(() => gce().strict("PUT", "visibility", times))
const preempt = (name: string) => Effect.promise(() => gce().strict("POST", `instances/${name}/preempt`))
const remove = (name: string) => Effect.promise(() => gce().console("DELETE", `zones/${zone}/instances/${name}`))
const called = Effect.map(live, (some) => some.map(({ name }) => name))
const untilAnswered = <A>(asking: Effect.Effect<A, CloudError>) =>
  Effect.retry(asking, { while: ({ kind }) => kind === "Transient", schedule: Schedule.spaced("500 millis") })
const lost = { action: "instances.bulkInsert", afterEffect: true, drop: true, times: 1 }

describe("a refusal of Compute Engine", () => {
  for (const refusal of [{ reason: "quotaExceeded" }, { reason: "forbidden" }, { reason: "invalid", status: 400 }])
    it.live(`to a second call (${refusal.reason}) is none of what the first may have made, which is not listed yet`, () =>
      Effect.gen(function* () {
        const { cloud, home, request } = yield* one
        const asked = request([0, 1])
        yield* timing({ operationListSeconds: 3, seconds: 3 })
        yield* fault(lost)
        assert.strictEqual((yield* Effect.flip(cloud.provision(asked))).kind, "Transient")
        yield* calm
        yield* fault({ action: "instances.bulkInsert", ...refusal })
        const next = yield* daemonOver(home)
        for (const again of [cloud.provision(asked), next.provision(inherited(asked))])
          assert.deepInclude(yield* Effect.flip(again), { kind: "Transient", code: refusal.reason })
        const nodes = yield* untilAnswered(cloud.provision(asked))
        assert.sameMembers(
          nodes.map(({ host }) => host),
          yield* called
        )
        assert.lengthOf(yield* live, 2)
      }).pipe(Effect.scoped)
    )

  it.live("for one machine of several that was taken back as it began ends the others, also one that is not to be seen yet", () =>
    Effect.gen(function* () {
      const { cloud, home, request } = yield* one
      const asked = request([0, 1], { offer: { ...request([0]).offer, useSpot: true } })
      yield* timing({ seconds: 4, insertSeconds: 1 })
      const asking = yield* Effect.forkChild(Effect.flip(untilAnswered(cloud.provision(asked))), { startImmediately: true })
      yield* until(Effect.map(live, (found) => found.some(({ name, status }) => name.endsWith("-0") && status === "RUNNING")))
      const [first] = (yield* called).filter((name) => name.endsWith("-0"))
      yield* preempt(first!)
      assert.deepInclude(yield* Fiber.join(asking), { kind: "Refused", code: "PREEMPTED", scope: "zone" })
      assert.deepStrictEqual(yield* called, [])
      // That they were ended by us is no reason for the next daemon.
      const next = yield* daemonOver(home)
      assert.deepInclude(yield* Effect.flip(next.provision(inherited(asked))), { kind: "Refused", code: "PREEMPTED", scope: "zone" })
    }).pipe(Effect.scoped)
  )
})

describe("a look at nodes of a zone of Compute Engine", () => {
  it.live("that is refused for one of them leaves that one unknown, and says of the others what they are", () =>
    Effect.gen(function* () {
      const { cloud, request } = yield* one
      const asked = request([0, 1, 2])
      const nodes = yield* cloud.provision(asked)
      const [running, gone, off] = nodes.map(({ host }) => host!)
      const look = Effect.map(cloud.query(nodes.map((node) => refOf(asked, node))), (states) => states.map(({ state }) => state))
      yield* remove(gone!)
      yield* fault({ action: "instances.get", match: { name: gone }, reason: "forbidden" })
      assert.deepStrictEqual(yield* look, ["running", "unknown", "running"])
      yield* calm
      yield* Effect.promise(() => gce().strict("POST", `instances/${off}/shutdown`))
      yield* fault({ action: "zoneOperations.list", reason: "forbidden" })
      assert.deepStrictEqual(yield* look, ["running", "unknown", "unknown"])
      yield* calm
      assert.deepStrictEqual(yield* look, ["running", "missing", "stopped"])
      assert.include(yield* called, running)
    }).pipe(Effect.scoped)
  )
})
