/** What a cluster has beside its machines, ports that were opened for it, goes with it, however its machines ended and whether it ever had any. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { offer } from "../fakes/facts.ts"
import { factsOf, scene } from "./scene.ts"
import { pass, settle } from "./world.ts"

const launch = { clusterName: "a", task: { run: "1 0", resources: { ports: 8080 } } }
const named = { clusterName: "a" }
const busy = new CloudError({ kind: "Transient", code: "DependencyViolation", message: "a machine is in it" })
const denied = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not" })
const silence = new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" })

/** In a region. */
const placed = (play: Parameters<typeof scene>[0]) =>
  scene((stage) =>
    Effect.gen(function* () {
      stage.world.offered = [{ ...offer, region: "r" }]
      yield* play(stage)
    })
  )

describe("an open port", () => {
  it.effect("is closed when its cluster goes, and again when that did not work", () =>
    placed(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("clear", busy)
        yield* ask("d", "down", named)
        assert.isDefined(row())
        world.faults.clear()
        yield* settle(daemon)
        assert.isUndefined(row())
        assert.strictEqual(world.cleared.length, 1)
        assert.isTrue(factsOf(disk).some((fact) => fact._tag === "ActionFailed" && fact.message === "a machine is in it"))
      })
    )
  )
  it.effect(
    "that its cloud does not close for a while is what its down says, with the way on, and its cluster stays until it is closed",
    () =>
      placed(({ ask, daemon, outcome, row, world }) =>
        Effect.gen(function* () {
          yield* ask("l", "launch", launch)
          world.faults.set("clear", busy)
          yield* ask("d", "down", named)
          yield* pass(daemon, "2 minutes")
          assert.deepNestedInclude(outcome("d"), {
            "error.tag": "RuntimeError",
            "error.message": "a: closing its ports failed: a machine is in it",
            "error.hint":
              "It has no nodes any more. It is tried again by itself; to wait for that: sky down a. To drop it at once: sky down --purge a; what is left then: sky leaks"
          })
          assert.deepInclude(row(), { wanted: "gone" })
          world.faults.clear()
          yield* ask("again", "down", named)
          yield* pass(daemon, "2 minutes")
          assert.isUndefined(row())
          assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        })
      )
  )
  it.effect("that may not be closed keeps no cluster", () =>
    placed(({ ask, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("clear", denied)
        yield* ask("d", "down", named)
        assert.isUndefined(row())
      })
    )
  )
  it.effect("is closed although no machine ever came: once what was asked for is known to be nothing", () =>
    placed(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", silence)
        yield* ask("l", "launch", launch)
        yield* ask("d", "down", { ...named, purge: true })
        assert.isUndefined(row())
        const before = world.cleared.length
        yield* settle(daemon)
        assert.isAbove(world.cleared.length, before)
      })
    )
  )
  it.effect("that may not be closed is no reason to look for ever for what was asked for", () =>
    placed(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", silence)
        yield* ask("l", "launch", launch)
        yield* ask("d", "down", { ...named, purge: true })
        world.faults.set("clear", denied)
        yield* pass(daemon, "2 minutes")
        assert.isTrue(factsOf(disk).some((fact) => fact._tag === "NodeRefused" && fact.code === "NothingLeft"))
      })
    )
  )
  it.effect("of nobody is not asked about", () =>
    placed(({ ask, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("clear", denied)
        yield* ask("l", "launch", { ...launch, task: { run: "1 0" } })
        yield* ask("d", "down", named)
        assert.isUndefined(row())
        assert.deepStrictEqual(world.cleared, [])
      })
    )
  )
})
