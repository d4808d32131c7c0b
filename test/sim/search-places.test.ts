/** Places that a search passes over or must not take: without quota, ruled out, lacking what was asked for. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Exit } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Offer } from "../../events/values.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import type { Plan } from "../../sdk/protocol/launch.ts"
import { asked, launch, named, noRoom, places, roomIn, search, spot, told, zones } from "./search.ts"
import { check, pass, settle } from "./world.ts"

describe("a quota that is known to be zero", () => {
  it.effect("passes over its region unasked, and is in the history", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        world.noQuotaAt = ({ region }: Offer) => (region === "us-east-1" ? "the quota for P instances is 0 in us-east-1" : null)
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-central1-b", "us-west-2a"])
        assert.include(JSON.stringify(outcome("l")), '"tag":"NoQuota","message":"the quota for P instances is 0 in us-east-1"')
        check(daemon, world, disk)
      })
    )
  )
  it.effect("in all of its cloud is told once, in a dry run and by a launch, which asks no other region there", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        let questions = 0
        world.noQuotaAt = ({ cloud }: Offer) => {
          if (cloud === "gcp") questions++
          return cloud === "gcp" ? { message: "the quota of GPUs is 0", scope: "cloud" } : null
        }
        const found = (yield* daemon.send("launch", "dry", { ...launch, dryrun: true })) as Exit.Success<{
          readonly result: { plan: Plan }
        }>
        assert.include(found.value.result.plan.notes, "Left out, for the account has no quota there: GCP.")
        questions = 0
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-east-1b", "us-east-1c", "us-west-2a"])
        assert.strictEqual(questions, 1)
        assert.include(JSON.stringify(outcome("l")), "GCP: the quota of GPUs is 0")
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is left out of a dry run, which says so; where there is none anywhere it is told as a launch tells it", () =>
    search(({ daemon, disk, world }) =>
      Effect.gen(function* () {
        const dry = (id: string) => daemon.send("launch", id, { ...launch, dryrun: true })
        world.noQuotaAt = ({ cloud, region }: Offer) => (cloud === "gcp" || region === "us-west-2" ? `the quota is 0 in ${region}` : null)
        const found = (yield* dry("one")) as Exit.Success<{ readonly result: { readonly plan: Plan } }>
        const { plan } = found.value.result
        assert.deepStrictEqual(
          [plan.offer, ...plan.next].map(({ zone }) => zone),
          ["us-east-1a", "us-east-1b", "us-east-1c"]
        )
        assert.include(plan.notes, "Left out, for the account has no quota there: GCP us-central1, AWS us-west-2.")
        world.noQuotaAt = () => "the quota is 0"
        const refusal = JSON.stringify(yield* dry("other"))
        assert.include(refusal, "ResourcesUnavailableError")
        assert.include(refusal, "Ask the cloud for more quota, or for other machines or regions.")
        assert.deepStrictEqual(asked(disk), [])
      })
    )
  )
  it.effect("is not taken from a question that fails or hangs: the place is asked", () =>
    Effect.forEach(
      [Effect.fail(noRoom), Effect.never, Effect.die("broken")],
      (answer) =>
        search(({ daemon, row, send, world }) =>
          Effect.gen(function* () {
            world.noQuotaAt = () => answer
            yield* send("l", "launch", launch)
            yield* pass(daemon, "5 seconds")
            yield* settle(daemon, 8)
            assert.strictEqual(statusOf(row()!), "UP")
          })
        ),
      { discard: true }
    )
  )
})

describe("a place that is not to be asked", () => {
  it.effect("launch-47: is passed over, at the first choice and later, and stands in the history before the refusals", () =>
    search(
      ({ ask, disk, outcome, world }) =>
        Effect.gen(function* () {
          world.lackAt = () => noRoom
          yield* ask("l", "launch", { ...launch, idleMinutesToAutostop: 5 })
          assert.deepStrictEqual(asked(disk), zones)
          const failed = outcome("l") as { error: { fields: { failoverHistory: ReadonlyArray<{ tag: string }> } } }
          assert.deepStrictEqual(
            failed.error.fields.failoverHistory.map(({ tag }) => tag),
            ["NotSupportedError", ...zones.map(() => "InsufficientInstanceCapacity")]
          )
        }),
      [...spot, ...places],
      ({ useSpot }) => useSpot
    )
  )
  it.effect("autostop is armed where the cluster came to be, if it can be stopped there, and only there", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-east-1a")
          yield* ask("l", "launch", { ...launch, idleMinutesToAutostop: 5, down: true })
          assert.isTrue(row()!.offer!.useSpot)
          assert.deepStrictEqual(
            told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down]),
            [
              [5, false],
              [-1, false],
              [5, true]
            ]
          )
        }),
      [...places.slice(0, 1), ...spot.map((one) => ({ ...one, usdPerHour: 5 }))]
    )
  )
})

describe("a place that a task must not get", () => {
  const blocked = [{ region: "us-central1" }, { zone: "us-east-1b" }]
  const isClosed = ({ region, zone }: Offer) => region === "us-central1" || zone === "us-east-1b"
  it.effect("task-22: is neither the first nor a later one", () =>
    search(
      ({ ask, disk, outcome, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-west-2a")
          yield* ask("l", "launch", { ...launch, blocked })
          assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-east-1c", "us-west-2a"])
          assert.deepInclude(outcome("l"), { _tag: "succeeded" })
          assert.strictEqual(row()!.offer!.zone, "us-west-2a")
        }),
      places,
      isClosed
    )
  )
  it.effect("is not taken where there is no other: nothing begins", () =>
    search(({ ask, disk, row }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, blocked: [{ cloud: "gcp" }, { cloud: "aws" }] })
        assert.isUndefined(row())
        assert.deepStrictEqual(asked(disk), [])
      })
    )
  )
})

describe("autostop of a task's alternatives", () => {
  const settings = [
    { cloud: "gcp", autostop: 10 },
    { cloud: "aws", autostop: { idle_minutes: 20, down: true } }
  ]
  const either = { ...named, task: { run: "1 0", resources: { any_of: settings } } }
  const set = (disk: MemoryDisk) => told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down])
  it.effect("is that of the place where the cluster came to be", () =>
    search(({ ask, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1b")
        yield* ask("l", "launch", either)
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [20, false],
          [20, true]
        ])
      })
    )
  )
  it.effect("yields to what the launch itself said, wherever it went", () =>
    search(({ ask, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1b")
        yield* ask("l", "launch", { ...either, idleMinutesToAutostop: 10 })
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [10, true]
        ])
      })
    )
  )
  it.effect("is not set over what was set meanwhile", () =>
    search(({ daemon, disk, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
        yield* send("l", "launch", { ...launch, idleMinutesToAutostop: 10 })
        yield* pass(daemon, "1 seconds")
        yield* send("again", "launch", { ...launch, idleMinutesToAutostop: 30 })
        yield* settle(daemon, 8)
        assert.deepStrictEqual(set(disk), [
          [10, false],
          [30, false]
        ])
        assert.strictEqual(row()!.autostop!.idleMinutes, 30)
      })
    )
  )
})

describe("who waits for a cluster that is looking for its place", () => {
  it.effect("is refused when it comes to be where it lacks what was asked for, and leaves no autostop behind", () =>
    search(
      ({ daemon, disk, outcome, row, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? null : noRoom)
          world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
          yield* send("l", "launch", launch)
          yield* pass(daemon, "1 seconds")
          yield* send("stops", "launch", { ...launch, idleMinutesToAutostop: 5 })
          yield* send("goes", "launch", { ...launch, idleMinutesToAutostop: 7, down: true })
          yield* settle(daemon, 8)
          assert.isTrue(row()!.offer!.useSpot)
          for (const id of ["l", "goes"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
          assert.deepNestedInclude(outcome("stops"), { _tag: "failed", "error.tag": "NotSupportedError" })
          assert.deepStrictEqual(
            told(disk, "AutostopSet").map(({ down, idleMinutes }) => [idleMinutes, down]),
            [
              [5, false],
              [7, false],
              [-1, false],
              [7, true]
            ]
          )
        }),
      [...places.slice(0, 1), ...spot.map((one) => ({ ...one, usdPerHour: 5 }))]
    )
  )
})
