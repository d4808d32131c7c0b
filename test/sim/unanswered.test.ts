/** A new cluster whose cloud does not answer: what nobody looks after is not bought, and what was given all the same is ended. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass, settle } from "./world.ts"

const busy = new CloudError({ kind: "Transient", code: "ServiceUnavailable", message: "ask later" })
const launch = { clusterName: "a", task: { run: "1 0" } }

describe("a cloud that has no answer for a new cluster", () => {
  it.effect("is asked for a minute, then the launch fails in its words, the cluster is gone, and nothing is bought afterwards", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", busy)
        yield* ask("l", "launch", launch)
        assert.deepInclude(outcome("l"), { _tag: "running" })
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "ResourcesUnavailableError",
          "error.message": "a: no place gave what was asked for: ask later"
        })
        assert.isUndefined(row())
        world.faults.clear()
        yield* pass(daemon, "1 minutes")
        yield* settle(daemon)
        assert.strictEqual(world.machines.size, 0)
        check(daemon, world, disk)
      })
    )
  )

  it.effect("and gave it all the same: its machines are ended", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.lost.set("provision", busy)
        yield* ask("l", "launch", launch)
        assert.strictEqual(world.machines.size, 1)
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        assert.deepInclude(outcome("l"), { _tag: "failed" })
        assert.isUndefined(row())
        yield* pass(daemon, "1 minutes")
        yield* settle(daemon)
        assert.strictEqual(world.machines.size, 0)
        check(daemon, world, disk)
      })
    )
  )

  it.effect("but is at it, as at the copy of a large disk, is waited for, and its launch says so", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const message = "the disk of b is still being copied"
        world.faults.set("provision", new CloudError({ kind: "Transient", code: "DiskBeingCopied", message, goesOn: true }))
        yield* ask("l", "launch", launch)
        yield* pass(daemon, "2 hours")
        assert.deepInclude(outcome("l"), { _tag: "running" })
        assert.strictEqual(factsOf(disk).filter((fact) => fact._tag === "ActionFailed" && fact.message === message).length, 1)
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon)
        assert.strictEqual(statusOf(row()!), "UP")
        check(daemon, world, disk)
      })
    )
  )

  it.effect("but is still at the copy of its disk, is asked for nothing by a down, which waits for no copy and leaves no machine", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const message = "the disk of b is still being copied"
        world.faults.set("provision", new CloudError({ kind: "Transient", code: "DiskBeingCopied", message, goesOn: true }))
        yield* ask("l", "launch", launch)
        yield* pass(daemon, "10 minutes")
        yield* ask("d", "down", { clusterName: "a" })
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        world.faults.clear()
        yield* pass(daemon, "10 minutes")
        assert.isFalse(factsOf(disk).some(({ _tag }) => _tag === "NodeProvisioned"))
        assert.strictEqual(world.machines.size, 0)
        check(daemon, world, disk)
      })
    )
  )

  it.effect("is waited out by who said so", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", busy)
        yield* ask("l", "launch", { ...launch, retryUntilUp: true })
        yield* pass(daemon, "20 minutes")
        assert.deepInclude(outcome("l"), { _tag: "running" })
        world.faults.clear()
        // The longest pause between two rounds.
        yield* pass(daemon, "8 minutes")
        yield* settle(daemon)
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
})
