/** The head's machine vanishes while work runs: another one takes its place, and nothing that had begun is begun again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { deliveriesOf, jobKey } from "../../daemon/reactors/couriers/deliveries.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { jobOf, unfinishedOf } from "../../projections/jobs.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass } from "./world.ts"

const named = { clusterName: "a" }
const long = { ...named, task: { num_nodes: 2, run: "99999 0" } }

const headOf = (world: SimCloud) => [...world.machines].find(([, { agent }]) => agent.rank === 0)!

const vanish = (world: SimCloud) => {
  const [node, { agent }] = headOf(world)
  agent.die()
  world.machines.delete(node)
}

const startsOf = (disk: Parameters<typeof factsOf>[0], job: number) =>
  factsOf(disk).filter((fact) => fact._tag === "JobStarted" && fact.job === job).length

describe("a head that is replaced", () => {
  it.effect("ends the job that it ran as FAILED with the reason, and the new one never hears of it", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", long)
        assert.strictEqual(jobOf(daemon.log.world().jobs, row()!.id, 1)!.status, "RUNNING")
        vanish(world)
        yield* pass(daemon, "5 seconds")
        yield* ask("s", "start", named)
        assert.strictEqual(statusOf(row()!), "UP")
        const job = jobOf(daemon.log.world().jobs, row()!.id, 1)!
        assert.deepInclude(job, { status: "FAILED", reason: "its head node was lost" })
        assert.strictEqual(startsOf(disk, 1), 1)
        assert.isFalse(headOf(world)[1].agent.jobs.has(1))
        // Who lists the facts sees why in the same breath as the new head.
        const at = factsOf(disk).findIndex(({ _tag }) => _tag === "JobClosed")
        assert.include(["RuntimeReady", "JobClosed"], factsOf(disk)[at - 1]!._tag)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is told of the job that no head had begun, and runs it once", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: { num_nodes: 2 } })
        vanish(world)
        yield* ask("e", "exec", { ...named, task: { num_nodes: 2, run: "1 0" } })
        assert.deepInclude(outcome("e"), { _tag: "succeeded" })
        yield* ask("s", "start", named)
        yield* pass(daemon, "5 seconds")
        assert.strictEqual(jobOf(daemon.log.world().jobs, row()!.id, 1)!.status, "SUCCEEDED")
        assert.strictEqual(startsOf(disk, 1), 1)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("during setup fails the launch with what to do, and the next launch sets up again", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const launch = { ...named, task: { num_nodes: 2, setup: "0", run: "1 0" } }
        yield* Effect.forkDetach(daemon.send("launch", "l", launch), { startImmediately: true })
        while (row()?.operations[0]?.setup !== "running") yield* pass(daemon, "100 millis")
        vanish(world)
        yield* ask("nothing", "autostop", { ...named, idleMinutes: 60 })
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.message": "a: its head node was lost during launch" })
        assert.strictEqual(statusOf(row()!), "UP")
        assert.isUndefined(headOf(world)[1].agent.begun.get("setup l"))
        yield* ask("again", "launch", launch)
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is not told of what has started, also while the daemon has not heard yet that it is another", () =>
    scene(({ ask, daemon, row }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", long)
        const unfinished = unfinishedOf(daemon.log.world().jobs, row()!.id)
        assert.deepInclude(deliveriesOf(row()!, unfinished, new Set()), { jobs: [], known: unfinished })
        assert.deepInclude(deliveriesOf(row()!, unfinished, new Set(unfinished.map(jobKey))), { jobs: [], known: [] })
      })
    )
  )
})
