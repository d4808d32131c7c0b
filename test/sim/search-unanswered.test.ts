/** Clouds that do not answer a search, or not now, or cannot be used any more. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Offer } from "../../events/values.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { asked, launch, loseWorker, named, noRoom, retrying, roomIn, search, told, zones } from "./search.ts"
import { check, pass, settle } from "./world.ts"

describe("a cloud that cannot be used any more", () => {
  it.effect("is said beside what was refused before; who waits it out is told why nothing is asked, until it can be used again", () =>
    Effect.forEach(
      [false, true],
      (retryUntilUp) =>
        search(({ ask, daemon, disk, outcome, row, world }) =>
          Effect.gen(function* () {
            world.lackAt = () => {
              world.whyNot = "the token has expired"
              return noRoom
            }
            yield* ask("l", "launch", { ...launch, retryUntilUp })
            assert.deepStrictEqual(asked(disk), zones.slice(0, 1))
            if (!retryUntilUp) {
              const { error } = outcome("l") as { readonly error: { readonly message: string } }
              assert.match(error.message, /: GCP us-central1-a: We have none: \w+\. GCP is not enabled any more: the token has expired$/)
              return
            }
            yield* pass(daemon, "1 minutes")
            assert.include(conditionOf(row()!).reason, "GCP is not enabled any more: the token has expired")
            world.whyNot = null
            world.lackAt = () => null
            yield* settle(daemon, 100)
            assert.strictEqual(statusOf(row()!), "UP")
          })
        ),
      { discard: true }
    )
  )
})

describe("a cloud that does not say what it has", () => {
  it.effect("is not waited for for ever: the launch ends, and says what it was at", () =>
    search(({ daemon, outcome, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => {
          world.offersAre = Effect.never
          return noRoom
        }
        yield* send("l", "launch", launch)
        for (let tries = 0; tries < 12; tries++) yield* pass(daemon, "1 minutes")
        yield* settle(daemon, 8)
        assert.include(
          JSON.stringify(outcome("l")),
          "a: looking for another place failed: a cloud did not answer 'offers' within 2 minutes"
        )
        yield* send("d", "down", named)
        yield* settle(daemon, 8)
      })
    )
  )
})

describe("a place that has no answer, or not now", () => {
  const busy = new CloudError({ kind: "Transient", code: "ServiceUnavailable", message: "ask later" })
  const busyIn = ({ zone }: Offer) => (zone === zones[0] ? busy : null)
  const passed = (disk: MemoryDisk) => told(disk, "PlacePassedOver").map(({ code, message, offer }) => [offer.zone, code, message])
  it.effect("is waited for a minute, then the next one is asked; that it was passed over is a fact, with the cloud's words", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = busyIn
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.deepStrictEqual(passed(disk), [[zones[0]!, "NoAnswer", "ask later"]])
        assert.strictEqual(row()!.offer!.zone, zones[1]!)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("and gave all the same: what it gave is ended, and the cluster is in one place only", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lostAt = busyIn
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.lengthOf(told(disk, "NodeReleased"), 2)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.lengthOf([...world.machines], 2)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("and gave all the same, and the cluster is gone before that is known: it is ended", () =>
    search(({ daemon, disk, send, world }) =>
      Effect.gen(function* () {
        world.lostAt = busyIn
        yield* send("l", "launch", launch)
        while (passed(disk).length === 0) yield* pass(daemon, "2 seconds")
        yield* send("d", "down", named)
        yield* settle(daemon, 50)
        assert.lengthOf([...world.machines], 0)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is asked again in the next round by who waits it out", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = (offer) => busyIn(offer) ?? noRoom
        yield* send("l", "launch", retrying)
        while (told(disk, "PlacesExhausted").length === 0) yield* pass(daemon, "2 seconds")
        assert.deepStrictEqual(asked(disk), zones)
        world.lackAt = roomIn(zones[0]!)
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(row()!.offer!.zone, zones[0]!)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is not found by asking all of them: the launch fails in the cloud's words, with each place in its history", () =>
    search(({ daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        world.lackAt = () => busy
        yield* send("l", "launch", launch)
        yield* settle(daemon, 50)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError", "error.exitCode": 7 })
        assert.include(JSON.stringify(outcome("l")), "us-central1-b: ask later")
        assert.deepStrictEqual(asked(disk), zones)
        assert.isUndefined(row())
        check(daemon, world, disk)
      })
    )
  )
  it.effect("holds up nobody whose cluster is bound to it: who waits it out is asked there on", () =>
    search(({ ask, daemon, disk, outcome, row, send, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        yield* loseWorker({ daemon, world })
        world.lackAt = () => busy
        yield* send("again", "launch", retrying)
        yield* pass(daemon, "5 minutes")
        world.lackAt = () => null
        yield* settle(daemon, 50)
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        assert.deepStrictEqual(passed(disk), [])
        assert.strictEqual(row()!.offer!.zone, zones[0]!)
        check(daemon, world, disk)
      })
    )
  )
})
