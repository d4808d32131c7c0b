/** A defect of skyd itself: it is said once, nobody waits for ever, and the cluster can still be ended. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { streamOf } from "../../daemon/commands/decision.ts"
import type { Event } from "../../events/Event.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { factsOf, scene } from "./scene.ts"

const launch = { clusterName: "a", task: { run: "1 0" } }
const named = { clusterName: "a" }
const saidOf = (disk: Parameters<typeof factsOf>[0]) => factsOf(disk).filter(({ _tag }) => _tag === "ReactorFailed")

describe("a defect of skyd", () => {
  it.effect("in a step is one fact however often it is tried, fails the launch with what to do, and stays the cluster's reason", () =>
    scene(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = (point) => (point === "cloud.installAgent:before" ? Effect.die(new Error("boom")) : Effect.void)
        yield* ask("l", "launch", launch)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "InternalError",
          "error.message": "a: skyd itself failed at InstallAgents: boom"
        })
        assert.include(JSON.stringify(outcome("l")), "sky down a")
        assert.strictEqual(conditionOf(row()!).reason, "skyd itself failed at InstallAgents: boom")
        assert.strictEqual(saidOf(disk).length, 1)
        world.at = () => Effect.void
        yield* ask("s", "start", named)
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
  it.effect("in the plan ends what the plan cannot be made for, and the cluster goes on", () =>
    scene(({ ask, daemon, disk, outcome, row }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const { id } = row()!
        const requested = { _tag: "OperationRequested", requestId: "odd", method: "exec", clusterName: "a", digest: "d", argv: [] }
        const odd = { _tag: "ExecRequested", task: null, down: false, lastUse: "" }
        yield* Effect.orDie(
          daemon.log.append({
            events: [requested, odd].map((event) => [streamOf(id), event as unknown as Event] as const),
            operation: "odd" as never,
            causedBy: 0,
            actor: { kind: "user", uid: 1, host: "sim" },
            expect: []
          })
        )
        yield* ask("e", "exec", { ...named, task: { run: "1 0" } })
        assert.deepNestedInclude(outcome("odd"), { _tag: "failed", "error.tag": "InternalError" })
        assert.strictEqual(saidOf(disk).length, 1)
        yield* ask("again", "exec", { ...named, task: { run: "1 0" } })
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
})
