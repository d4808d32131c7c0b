/** Autostop and autodown from the request to the end of the machines, with the agent's own rule of idleness. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { statusOf } from "../../projections/cluster-status.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass, settle } from "./world.ts"

const named = { clusterName: "a" }
const launch = { clusterName: "a", task: { run: "120 0", num_nodes: 2 } }
const minuteMs = 60_000

describe("a cluster that ends itself", () => {
  it.effect("launch-18: with down and 10 minutes is torn down once it has been idle for 10 minutes after its last job, not before", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, down: true, idleMinutesToAutostop: 10 })
        assert.deepInclude(row()!.autostop, { idleMinutes: 10, down: true })
        yield* ask("e", "exec", { ...named, task: { run: "300 3" } })
        while (factsOf(disk).filter(({ _tag }) => _tag === "JobEnded").length < 2) yield* pass(daemon, "1 seconds")
        const endedAtMs = yield* Clock.currentTimeMillis
        yield* pass(daemon, "590 seconds")
        assert.strictEqual(statusOf(row()!), "UP")
        yield* pass(daemon, "10 seconds")
        yield* settle(daemon, 8)
        assert.isUndefined(row())
        assert.strictEqual(world.machines.size, 0)
        const fired = factsOf(disk).find(({ _tag }) => _tag === "AutostopFired")
        assert.deepInclude(fired, { idleMinutes: 10, down: true })
        assert.approximately((fired as unknown as { observedAtMs: number }).observedAtMs - endedAtMs, 10 * minuteMs, 1000)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("without down is STOPPED, and its machines are kept", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, idleMinutesToAutostop: 10 })
        yield* pass(daemon, "12 minutes")
        yield* settle(daemon, 8)
        assert.strictEqual(statusOf(row()!), "STOPPED")
        assert.deepStrictEqual(
          [...world.machines.values()].map(({ state }) => state),
          ["stopped", "stopped"]
        )
        check(daemon, world, disk)
      })
    )
  )
})
