/** Secrets that are lost before a node has them end what needs them, with the reason. Nothing runs without its secrets. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { statusOf } from "../../projections/cluster-status.ts"
import { jobOf } from "../../projections/jobs.ts"
import { boot } from "./SimDaemon.ts"
import { scene } from "./scene.ts"
import { settle, started } from "./world.ts"

const secret = { MY_TOKEN: "s3cret" }
const named = { clusterName: "a" }

describe("secrets", () => {
  it.effect("that are lost before the head has the job end it as FAILED, and the courier goes on", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: {} })
        const [machine] = world.machines.values()
        machine!.agent.die()
        const sent = yield* Effect.forkDetach(daemon.send("exec", "e", { ...named, task: { run: "9 0", envs: secret } }), {
          startImmediately: true
        })
        while (sent.pollUnsafe() === undefined) yield* Effect.promise(() => new Promise(setImmediate))
        assert.isTrue(world.secrets.delete("e"))
        machine!.agent.alive = true
        yield* settle(daemon, 40)
        const job = () => jobOf(daemon.log.world().jobs, row()!.id, row()!.lastJob)
        assert.deepInclude(job(), { status: "FAILED", reason: "its secrets are lost" })
        assert.isUndefined(machine!.agent.begun.get("job 1"))
        yield* ask("next", "exec", { ...named, task: { run: "1 0", envs: secret } })
        yield* settle(daemon, 8)
        assert.deepInclude(job(), { status: "SUCCEEDED" })
      })
    )
  )
  it.effect("that are lost before a setup has them fail the launch", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = (point) => (point === "cloud.put:after" ? Effect.sync(() => world.secrets.clear()) : Effect.void)
        yield* ask("l", "launch", { ...named, task: { setup: "0", run: "1 0", envs: secret, workdir: "/w" } })
        yield* settle(daemon, 8)
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "CommandError" })
        assert.include(JSON.stringify(outcome("l")), "its secrets are lost")
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
  it.effect("that a node has taken are not missed: its job goes on under the next daemon", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: { run: "99 0", envs: secret } })
        assert.strictEqual(world.secrets.size, 0)
        const { id } = row()!
        yield* daemon.kill
        const next = (yield* Effect.orDie(started(boot(disk, world))))!
        yield* settle(next, 60)
        assert.deepInclude(jobOf(next.log.world().jobs, id, 1), { status: "SUCCEEDED" })
        yield* next.kill
      })
    )
  )
})
