/** A new cluster whose place has no room: where it goes on, in which order, and what is said meanwhile. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { asked, launch, named, noRoom, places, refused, retrying, roomIn, search, spot, told, zones } from "./search.ts"
import { check, pass, settle } from "./world.ts"

describe("a new cluster whose place has no room", () => {
  it.effect("goes on zone by zone, region by region and cloud by cloud, in the order of the plan, until it is up", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-west-2a")
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual(asked(disk), zones)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "UP")
        assert.deepStrictEqual(row()!.offer, places.at(-1))
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("launch-47: is told of each zone's refusal, in order, when none has; the record is gone and the name free", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", launch)
        const history = places.map(({ cloud, zone }) => ({
          tag: "InsufficientInstanceCapacity",
          message: "We have none: InsufficientInstanceCapacity.",
          place: `${cloud.toUpperCase()} ${zone}`
        }))
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "ResourcesUnavailableError",
          "error.exitCode": 7,
          "error.fields": { failoverHistory: history, noFailover: false }
        })
        assert.include(
          JSON.stringify(outcome("l")),
          String.raw`asked for:\n  GCP us-central1-a, us-central1-b: We have none: InsufficientInstanceCapacity\n  AWS us-east-1a, us-east-1b, us-east-1c and 1 more: We`
        )
        assert.isUndefined(row())
        check(daemon, world, disk)
      })
    )
  )
  it.effect(
    "leaves out what a refusal reaches: a region, or a cloud; and no other kind of machine, unless it is of the place as such",
    () =>
      Effect.forEach(
        [
          [refused("VcpuLimitExceeded", "region"), ["us-central1-a", "us-east-1a", "us-west-2a", "us-east-1a", "us-west-2a"]],
          [refused("UnauthorizedOperation", "cloud", true), ["us-central1-a", "us-east-1a"]]
        ] as const,
        ([error, expected]) => {
          const other = places.filter(({ cloud }) => cloud === "aws").map((one) => ({ ...one, instanceType: "p4", usdPerHour: 9 }))
          return search(
            ({ ask, disk, world }) =>
              Effect.gen(function* () {
                world.lackAt = () => error
                yield* ask("l", "launch", launch)
                assert.deepStrictEqual(asked(disk), expected)
              }),
            [...places, ...other]
          )
        },
        { discard: true }
      )
  )
  it.effect("goes on to on-demand machines where spot machines are all taken, in the very zones", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? refused("MaxSpotInstanceCountExceeded", "region") : null)
          yield* ask("l", "launch", { ...launch, down: true })
          assert.deepStrictEqual(asked(disk), ["us-east-1a", "us-central1-a"])
          assert.isFalse(row()!.offer!.useSpot)
        }),
      [...spot, ...places]
    )
  )
  it.effect("runs nothing of a launch that waited meanwhile and asks for another place than it found", () =>
    search(
      ({ ask, daemon, outcome, row, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ useSpot }) => (useSpot ? noRoom : null)
          world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
          const wishing = (useSpot: boolean) => ({ ...named, task: { run: "1 0", resources: { use_spot: useSpot } } })
          const either = { any_of: [{ use_spot: true }, { use_spot: false }] }
          yield* send("one", "launch", { ...named, task: { ...launch.task, resources: either } })
          yield* pass(daemon, "1 seconds")
          yield* send("spot", "launch", wishing(true))
          yield* pass(daemon, "11 seconds")
          yield* ask("demand", "launch", wishing(false))
          yield* settle(daemon, 8)
          assert.isFalse(row()!.offer!.useSpot)
          for (const id of ["one", "demand"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
          assert.deepNestedInclude(outcome("spot"), { _tag: "failed", "error.tag": "ResourcesMismatchError" })
          assert.strictEqual(statusOf(row()!), "UP")
        }),
      [...spot, ...places]
    )
  )
  it.effect("ends at once when the wish itself is wrong, also for who waits it out", () =>
    search(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => refused("InvalidParameterValue", "everywhere")
        yield* ask("l", "launch", retrying)
        assert.deepStrictEqual(asked(disk), zones.slice(0, 1))
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
        assert.isUndefined(row())
      })
    )
  )
  it.effect("says in its status what was refused and where it asks now", () =>
    search(({ daemon, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-east-1a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
        yield* send("l", "launch", launch)
        yield* pass(daemon, "6 seconds")
        assert.deepInclude(conditionOf(row()!), {
          status: "INIT",
          phase: "provision",
          reason:
            "waiting for 2 nodes from GCP us-central1-b, after 1 refusal: GCP us-central1-a: We have none: InsufficientInstanceCapacity"
        })
        world.at = () => Effect.void
        yield* settle(daemon, 8)
        assert.deepStrictEqual(row()!.refusals, [], "kept for a cluster that is up")
      })
    )
  )
})

describe("a search", () => {
  const verbs = ["stop", "down"] as const
  it.effect.each(verbs.map((verb) => ({ verb })))(
    "that a $verb comes into ends: what was asked for is settled, and nothing is left",
    ({ verb }) =>
      search(({ daemon, disk, outcome, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = roomIn("us-east-1a")
          let asks = 0
          world.at = (point) =>
            Effect.suspend(() => (point === "cloud.provision:after" && ++asks === 3 ? Effect.sleep("10 seconds") : Effect.void))
          yield* send("l", "launch", launch)
          yield* pass(daemon, "2 seconds")
          assert.lengthOf([...world.machines], 2)
          yield* send("e", verb, named)
          yield* settle(daemon, 8)
          assert.deepInclude(outcome("l"), { _tag: "cancelled" })
          assert.deepInclude(outcome("e"), { _tag: "succeeded" })
          assert.deepStrictEqual(
            [...world.machines.values()].map(({ state }) => state),
            verb === "down" ? [] : ["stopped", "stopped"]
          )
          check(daemon, world, disk)
        })
      )
  )
  it.effect("that is stopped before it has a machine is over, and the name free: there is nothing that could be started", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        assert.deepInclude(outcome("l"), { _tag: "running" })
        yield* ask("e", "stop", named)
        assert.deepInclude(outcome("l"), { _tag: "cancelled" })
        assert.deepStrictEqual(outcome("e"), { _tag: "succeeded", result: { gone: true } })
        assert.isUndefined(row())
        assert.lengthOf(told(disk, "ClusterStopped"), 0)
        world.lackAt = () => null
        yield* ask("again", "launch", launch)
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("goes on where it was when the cluster is launched once more meanwhile", () =>
    search(({ daemon, disk, outcome, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = roomIn("us-west-2a")
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("2 seconds") : Effect.void)
        yield* send("l", "launch", launch)
        yield* pass(daemon, "5 seconds")
        yield* send("again", "launch", launch)
        yield* settle(daemon, 8)
        assert.deepStrictEqual(asked(disk), zones)
        for (const id of ["l", "again"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
})
