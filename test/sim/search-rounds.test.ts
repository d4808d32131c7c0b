/** Who waits a search out: all places again, round after round. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { PlacesExhausted } from "../../events/launch.ts"
import type { Offer } from "../../events/values.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import { boot } from "./SimDaemon.ts"
import { asked, checkSearch, launch, named, noRoom, places, recordedIn, refused, retrying, roomIn, search, told, zones } from "./search.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

describe("retryUntilUp", () => {
  it.effect("launch-10: asks all places again, round after round, the best first, until one gives", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        assert.deepInclude(outcome("l"), { _tag: "running" })
        assert.include(conditionOf(row()!).reason, "all places are asked again soon: 6 gave nothing, the last of them AWS us-west-2a: ")
        for (let i = 0; i < 60 && told(disk, "PlacesExhausted").length < 2; i++) yield* pass(daemon, "2 seconds")
        world.lackAt = roomIn("us-east-1b")
        yield* settle(daemon, 60)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(asked(disk), [...zones, ...zones, ...zones.slice(0, 4)])
        assert.deepStrictEqual(
          told(disk, "PlacesExhausted").map(({ round }) => round),
          [1, 2]
        )
        check(daemon, world, disk)
      })
    )
  )
  it.effect("ends with the round where no place can ever have what is asked for: an image that is nowhere", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const missing = ({ cloud }: Offer) =>
          cloud === "aws" ? refused("InvalidAMIID.NotFound", "region") : refused("IMAGE_NOT_FOUND", "cloud")
        world.lackAt = missing
        yield* ask("l", "launch", retrying)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError", "error.exitCode": 2 })
        assert.deepStrictEqual(asked(disk), ["us-central1-a", "us-east-1a", "us-west-2a"])
        assert.isUndefined(row())
        // Where one has it, and no room, that is waited for.
        world.lackAt = (offer) => (offer.region === "us-east-1" ? noRoom : missing(offer))
        yield* ask("more", "launch", retrying)
        assert.deepInclude(outcome("more"), { _tag: "running" })
        yield* ask("end", "down", named)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("ends with the round where nothing was for want of room, quota or an answer, and asks all places before", () =>
    search(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const unknown = refused("SomethingNew")
        world.lackAt = () => unknown
        yield* ask("l", "launch", retrying)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError", "error.exitCode": 1 })
        assert.deepStrictEqual(asked(disk), [...zones])
        assert.isUndefined(row())
        // One that has no room may have some later.
        world.lackAt = ({ zone }) => (zone === zones[1] ? noRoom : unknown)
        yield* ask("more", "launch", retrying)
        assert.deepInclude(outcome("more"), { _tag: "running" })
        yield* ask("end", "down", named)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("tells of a later round one fact for each place, and more only of what is news", () =>
    search(({ ask, daemon, disk, outcome, world }) =>
      Effect.gen(function* () {
        const rounds = () => told(disk, "PlacesExhausted").length
        const factsOfRound = (round: number) => {
          const ends = recordedIn(disk).filter(({ event }) => event._tag === "PlacesExhausted")
          return recordedIn(disk).filter(({ seq }) => seq > ends[round - 2]!.seq && seq <= ends[round - 1]!.seq)
        }
        const quota = refused("VcpuLimitExceeded", "region", undefined, "quota")
        world.lackAt = ({ region }) => (rounds() === 2 && region === "us-west-2" ? quota : noRoom)
        yield* ask("l", "launch", retrying)
        for (let i = 0; i < 200 && rounds() < 3; i++) yield* pass(daemon, "2 seconds")
        const tags = (round: number) => factsOfRound(round).map(({ event }) => event._tag)
        assert.deepStrictEqual(tags(2), [...zones.map(() => "NodeRequested"), "PlacesExhausted"])
        assert.deepStrictEqual(tags(3), [...zones.map(() => "NodeRequested"), "NodeRefused", "PlacesExhausted"])
        assert.deepStrictEqual(asked(disk), [...zones, ...zones, ...zones])
        // Who gives up hears of all places all the same, and for each attempt there is one request.
        yield* ask("again", "launch", { ...launch, task: { run: "x", num_nodes: 2 } })
        assert.strictEqual(new Set(told(disk, "NodeRequested").map(({ token }) => token)).size, 18)
        yield* ask("end", "down", named)
        assert.deepInclude(outcome("end"), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("waits longer after each round, up to five minutes", () =>
    search(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => noRoom
        yield* ask("l", "launch", retrying)
        for (let i = 0; i < 900 && told(disk, "PlacesExhausted").length < 7; i++) yield* pass(daemon, "2 seconds")
        const waits = recordedIn(disk).flatMap(({ atMs, event }) => (event._tag === "PlacesExhausted" ? [event.retryAtMs - atMs] : []))
        for (const [i, seconds] of [30, 60, 120, 240, 300, 300].entries()) {
          assert.isAtLeast(waits[i]!, seconds * 600, `round ${i + 1}`)
          assert.isAtMost(waits[i]!, seconds * 1400, `round ${i + 1}`)
        }
        yield* ask("end", "down", named)
      })
    )
  )
  it.effect("waits from 18 to 42 seconds before the second round, and a crash in between makes that no longer and no shorter", () =>
    Effect.gen(function* () {
      const disk: MemoryDisk = []
      const world = yield* makeWorld
      world.offered = places
      world.lackAt = () => noRoom
      const first = (yield* started(boot(disk, world)))!
      yield* Effect.forkDetach(first.send("launch", "l", retrying), { startImmediately: true })
      yield* settle(first, 4)
      yield* first.kill
      const [exhausted] = recordedIn(disk).filter(({ event }) => event._tag === "PlacesExhausted")
      const { retryAtMs } = exhausted!.event as typeof PlacesExhausted.Type
      assert.isAtLeast(retryAtMs - exhausted!.atMs, 18_000)
      assert.isAtMost(retryAtMs - exhausted!.atMs, 42_000)
      const second = (yield* started(boot(disk, world)))!
      for (let i = 0; i < 50 && asked(disk).length === zones.length; i++) yield* pass(second, "1 seconds")
      const next = recordedIn(disk).find(({ event, seq }) => event._tag === "NodeRequested" && seq > exhausted!.seq)
      assert.isAtLeast(next!.atMs, retryAtMs)
      assert.isAtMost(next!.atMs, retryAtMs + 1000)
      checkSearch(disk, places)
      yield* second.kill
    })
  )
})
