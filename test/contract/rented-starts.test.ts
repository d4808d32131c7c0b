/** Machines that were told to start, to stop, and how they are to end, by calls that are slow, and looked at by those who may not: on AWS and on GCP. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { expect } from "vitest"
import type { NodeRef } from "../../daemon/clouds/Cloud.ts"
import { describeWithMoto } from "../tools/moto.ts"
import { awsScene } from "./aws-scene.ts"
import { gcpScene } from "./gcp-scene.ts"
import { refOf } from "./rented-requests.ts"

const aws = awsScene()
const gcp = gcpScene()

const clouds = [
  {
    name: "AWS",
    describe: describeWithMoto,
    ...aws,
    strict: (path: string) => aws.moto().strict("GET", path),
    states: async () => (await aws.moto().instances()).map(({ state }) => state),
    isOff: "stopped",
    isOn: "running",
    start: "StartInstances",
    ending: "ModifyInstanceAttribute",
    looks: { action: "DescribeInstances", code: "UnauthorizedOperation" },
    refusals: [
      { refusal: { code: "UnauthorizedOperation" }, isFinal: false },
      { refusal: { code: "InsufficientInstanceCapacity" }, isFinal: true }
    ],
    seen: [{ action: "DescribeInstances", code: "UnauthorizedOperation" }],
    endingOf: async ({ host }: NodeRef) => {
      const asked = { InstanceId: host!, Attribute: "instanceInitiatedShutdownBehavior" as const }
      return (await aws.moto().client("us-east-1").describeInstanceAttribute(asked)).InstanceInitiatedShutdownBehavior?.Value
    }
  },
  {
    name: "GCP",
    describe,
    ...gcp,
    strict: (path: string) => gcp.gce().strict("GET", path),
    states: async () => (await gcp.gce().instances()).map(({ status }) => status),
    isOff: "TERMINATED",
    isOn: "RUNNING",
    start: "instances.start",
    ending: "instances.setLabels",
    looks: { action: "zoneOperations.wait", reason: "forbidden" },
    refusals: [
      { refusal: { reason: "forbidden" }, isFinal: false },
      { refusal: { operationError: "ZONE_RESOURCE_POOL_EXHAUSTED" }, isFinal: true }
    ],
    seen: ["instances.get", "instances.aggregatedList"].map((action) => ({ action, reason: "forbidden" })),
    endingOf: async ({ host }: NodeRef) => (await gcp.gce().instances()).find(({ name }) => name === host)!.labels["skyd-ends"]
  }
]

for (const {
  calm,
  daemonOver,
  describe,
  ending,
  endingOf,
  fault,
  isOff,
  isOn,
  looks,
  name,
  one,
  refusals,
  seen,
  start,
  states,
  strict
} of clouds) {
  /** Until the slow call is on its way. */
  const onItsWay = Effect.promise(() =>
    expect
      .poll(async () => ((await strict("faults")) as ReadonlyArray<{ hits: number }>).some(({ hits }) => hits > 0), { timeout: 20_000 })
      .toBe(true)
  )
  const made = Effect.gen(function* () {
    const { cloud, home, request } = yield* one
    const asked = request([0])
    const [node] = yield* cloud.provision(asked)
    return { cloud, home, ref: refOf(asked, node!) }
  })
  const asked = (what: string) =>
    Effect.promise(() =>
      expect
        .poll(async () => ((await strict("calls")) as ReadonlyArray<{ action: string }>).some(({ action }) => action === what), {
          timeout: 20_000
        })
        .toBe(true)
    )
  const comesUp = Effect.promise(() => expect.poll(states, { timeout: 20_000 }).toEqual([isOn]))
  const goesOff = Effect.promise(() => expect.poll(states, { timeout: 20_000 }).toEqual([isOff]))

  describe(`a machine of ${name}`, () => {
    it.effect("whose start was accepted, and which may not be looked at then, is no machine that was refused: it comes up", () =>
      Effect.gen(function* () {
        const { cloud, ref } = yield* made
        yield* cloud.stop(ref)
        yield* fault({ action: start, delaySeconds: 1, times: 1 })
        const starting = yield* Effect.forkChild(Effect.flip(cloud.start(ref)))
        yield* onItsWay
        yield* fault(looks)
        assert.deepInclude(yield* Fiber.join(starting), { kind: "Transient" })
        // It is what it was told to be: nobody may say that it is off.
        yield* calm
        yield* comesUp
        yield* fault(looks)
        if (name === "AWS") assert.deepInclude(yield* Effect.flip(cloud.start(ref)), { kind: "Transient" })
      }).pipe(Effect.scoped, TestClock.withLive)
    )

    it.effect("that may not be looked at before it was told to start is refused at once, and where it may have been told, waited for", () =>
      Effect.gen(function* () {
        const { cloud, ref } = yield* made
        yield* cloud.stop(ref)
        yield* fault(...seen)
        assert.deepInclude(yield* Effect.flip(cloud.start(ref)), { kind: "Refused" })
        assert.deepInclude(yield* Effect.flip(cloud.start({ ...ref, mayRun: true })), { kind: "Transient" })
      }).pipe(Effect.scoped, TestClock.withLive)
    )

    it.effect(
      "that may have been told to start before is not off because who tells it again may not: of room alone a refusal is believed",
      () =>
        Effect.gen(function* () {
          const { cloud, ref } = yield* made
          yield* cloud.stop(ref)
          for (const { isFinal, refusal } of refusals) {
            yield* calm
            yield* fault({ action: start, ...refusal })
            assert.deepInclude(yield* Effect.flip(cloud.start({ ...ref, mayRun: true })), { kind: isFinal ? "Refused" : "Transient" })
            assert.deepInclude(yield* Effect.flip(cloud.start(ref)), { kind: isFinal ? "Refused" : "Transient" })
          }
        }).pipe(Effect.scoped, TestClock.withLive)
    )

    it.effect("that is stopped while it is told to start is off in the end", () =>
      Effect.gen(function* () {
        const { cloud, ref } = yield* made
        yield* cloud.stop(ref)
        yield* fault({ action: start, delaySeconds: 2, times: 1 })
        const starting = yield* Effect.forkChild(cloud.start(ref))
        yield* onItsWay
        yield* Fiber.interrupt(starting)
        yield* cloud.stop(ref)
        yield* asked(start)
        yield* goesOff
        assert.deepInclude((yield* cloud.query([ref]))[0], { state: "stopped" })
      }).pipe(Effect.scoped, TestClock.withLive)
    )

    it.effect("that is gone is stopped at once, and one that an earlier daemon still starts is off in the end", () =>
      Effect.gen(function* () {
        const { cloud, home, ref } = yield* made
        yield* cloud.stop(ref)
        yield* fault({ action: start, delaySeconds: 3, times: 1 })
        const starting = yield* Effect.forkChild(cloud.start(ref))
        yield* onItsWay
        yield* Fiber.interrupt(starting)
        const next = yield* daemonOver(home)
        yield* next.stop({ ...ref, mayRun: true })
        yield* asked(start)
        assert.deepStrictEqual(yield* Effect.promise(states), [isOff])
        yield* next.terminate(ref)
        yield* next.stop({ ...ref, mayRun: true })
      }).pipe(Effect.scoped, TestClock.withLive)
    )

    it.effect("is told how it ends by the last who says so, however slow an earlier call was", () =>
      Effect.gen(function* () {
        const { cloud, ref } = yield* made
        yield* fault({ action: ending, delaySeconds: 2, times: 1 })
        const first = yield* Effect.forkChild(cloud.endsItself!([ref], true))
        yield* onItsWay
        yield* Fiber.interrupt(first)
        yield* cloud.endsItself!([ref], false)
        yield* asked(ending)
        assert.strictEqual(yield* Effect.promise(() => endingOf(ref)), "stop")
      }).pipe(Effect.scoped, TestClock.withLive)
    )
  })
}
