/** A worker's machine vanishes for good while the daemon is away: nothing begins on what is left, and what is to end there ends. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { queueOf } from "../../daemon/queries/queue.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { jobOf } from "../../projections/jobs.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

const named = { clusterName: "a" }

const ask = (daemon: SimDaemon, method: CommandName, params: object) =>
  Effect.andThen(Effect.forkDetach(daemon.send(method, method, { ...named, ...params }), { startImmediately: true }), settle(daemon, 8))

/** What is asked last is written down, and neither the daemon that wrote it nor the worker is there a moment later. */
const lostAfter = Effect.fn("lostAfter")(function* (run: string, method: CommandName, params: object) {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  const before = (yield* started(boot(disk, world)))!
  yield* ask(before, "launch", { task: { num_nodes: 2, run } })
  world.at = (point) => (point === "log.write:after" ? Effect.never : Effect.void)
  yield* Effect.forkDetach(before.send(method, method, { ...named, ...params }), { startImmediately: true })
  yield* pass(before, "1 seconds")
  yield* before.kill
  world.at = () => Effect.void
  const [node, { agent }] = [...world.machines].find(([, machine]) => machine.agent.rank === 1)!
  agent.die()
  world.machines.delete(node)
  const daemon = (yield* started(boot(disk, world)))!
  yield* settle(daemon, 8)
  const row = () => rowNamed(daemon.log.world().clusters, "a")!
  assert.strictEqual(statusOf(row()), "INIT")
  return { daemon, disk, world, job: (id: number) => jobOf(daemon.log.world().jobs, row().id, id)! }
})

describe("a worker that is lost", () => {
  it.effect("keeps no cancel from the head that runs the job", () =>
    Effect.gen(function* () {
      const { daemon, job } = yield* lostAfter("99999 0", "cancel", { all: true })
      assert.strictEqual(job(1).status, "CANCELLED")
      assert.deepInclude(operationOf(daemon.log.world().operations, "cancel")?.outcome, { _tag: "succeeded" })
      yield* daemon.kill
    })
  )
  it.effect("lets a job wait that had not begun, which the queue says, until the cluster is started", () =>
    Effect.gen(function* () {
      const { daemon, disk, job, world } = yield* lostAfter("0 0", "exec", { task: { num_nodes: 2, run: "1 0" } })
      const queue = queueOf(daemon.log.world(), { clusterNames: ["a"], jobIds: [2] })
      assert.deepNestedInclude(queue, {
        "success.jobs[0].status": "PENDING",
        "success.jobs[0].reason":
          "1 node of 2 missing (worker 1: it does not exist any more); bring it up again with: sky launch or sky start a"
      })
      yield* ask(daemon, "start", {})
      assert.strictEqual(job(2).status, "SUCCEEDED")
      check(daemon, world, disk)
      yield* daemon.kill
    })
  )
})
