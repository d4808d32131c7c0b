/** A cancel of a job that its head cannot have: over at once, and the job is never delivered. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { jobOf } from "../../projections/jobs.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { scene } from "./scene.ts"
import { check, pass, settle, started } from "./world.ts"

const named = { clusterName: "a" }
const exec = (run: string) => ({ ...named, task: { run } })
const agentOf = (world: SimCloud) => [...world.machines.values()][0]!.agent
const statusOfJob = ({ log }: SimDaemon, job: number) => jobOf(log.world().jobs, rowNamed(log.world().clusters, "a")!.id, job)?.status

/** Who calls the head gets no answer for a while, and then hears that there is no way to it. */
const cut = (world: SimCloud) => {
  world.at = (point) => (point === "cloud.connectAgent:before" ? Effect.never : Effect.void)
  agentOf(world).die()
}
const unreached = new CloudError({ kind: "Transient", code: "NoRoute", message: "no route to 10.0.0.1:22", unreached: true })
const lose = (world: SimCloud) => {
  for (const call of ["connectAgent", "installAgent", "query"]) world.faults.set(call, unreached)
  world.at = () => Effect.void
}
const mend = (world: SimCloud) => {
  world.at = () => Effect.void
  world.faults.clear()
}

describe("a cancel while the head is not reached", () => {
  it.effect("of a job that was not delivered ends it at once, also when the cluster is not UP any more; the next job runs", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: {} })
        cut(world)
        yield* settle(daemon, 8)
        for (const id of ["1", "2", "3"]) yield* ask(`e${id}`, "exec", exec(`${id} 0`))
        yield* ask("c1", "cancel", { ...named, jobIds: [1] })
        assert.deepInclude(outcome("c1"), { _tag: "succeeded", result: { cancelled: [1] } })
        assert.deepInclude(jobOf(daemon.log.world().jobs, row()!.id, 1)!, { status: "CANCELLED", reason: null, returnCodes: [] })
        lose(world)
        yield* pass(daemon, "2 minutes")
        assert.strictEqual(statusOf(row()!), "INIT")
        yield* ask("c2", "cancel", { ...named, jobIds: [2] })
        assert.deepInclude(outcome("c2"), { _tag: "succeeded" })
        mend(world)
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        assert.deepStrictEqual(
          [1, 2, 3].map((job) => statusOfJob(daemon, job)),
          ["CANCELLED", "CANCELLED", "SUCCEEDED"]
        )
        assert.deepStrictEqual([...agentOf(world).jobs.keys()], [3])
        check(daemon, world, disk)
      })
    )
  )

  it.effect("of a job that a daemon before this one may have delivered waits for the head's word", () =>
    scene(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: {} })
        cut(world)
        yield* settle(daemon, 8)
        yield* ask("e", "exec", exec("99 0"))
        yield* daemon.kill
        const next = (yield* Effect.orDie(started(boot(disk, world))))!
        yield* Effect.forkDetach(next.send("cancel", "c", { ...named, jobIds: [1] }), { startImmediately: true })
        yield* settle(next, 8)
        assert.strictEqual(statusOfJob(next, 1), "PENDING")
        mend(world)
        yield* pass(next, "2 minutes")
        yield* settle(next, 8)
        assert.strictEqual(statusOfJob(next, 1), "CANCELLED")
        check(next, world, disk)
        yield* next.kill
      })
    )
  )
})
