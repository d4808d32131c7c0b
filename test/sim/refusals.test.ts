/** Commands that are refused on a cluster that runs: nothing is recorded, and the machines run on. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { offer } from "../fakes/facts.ts"
import { scene } from "./scene.ts"

const named = { clusterName: "a" }
const launch = { clusterName: "a", task: { run: "1 0" } }

describe("a cluster of spot machines that end when they stop", () => {
  it.effect("stop-05: is not stopped: NotSupportedError pointing to down; nothing changes", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.offered = [{ ...offer, useSpot: true }]
        yield* ask("l", "launch", launch)
        const before = { facts: disk.length, row: row() }
        const answer = JSON.stringify(yield* daemon.send("stop", "s", named))
        assert.include(answer, "NotSupportedError")
        assert.include(answer, "sky down a")
        assert.deepStrictEqual({ facts: disk.length, row: row() }, before)
        assert.deepStrictEqual(
          [...world.machines.values()].map(({ state }) => state),
          ["running"]
        )
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.strictEqual(world.machines.size, 0)
      })
    )
  )
})
