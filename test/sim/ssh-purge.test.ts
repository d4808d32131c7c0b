/** A claim over ssh that was never answered, and a purge: nobody waits for a machine that is away, and nobody keeps one that was given. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { operationOf } from "../../projections/operations.ts"
import type { SimMachine } from "../fakes/SimMachine.ts"
import { checkLeases } from "./leases.ts"
import { boot } from "./SimDaemon.ts"
import { check, makePool, pass, settle, started } from "./world.ts"

describe("a claim that was never answered", () => {
  it.effect.each([false, true])("is dropped by a purge at once, and ends where it is found (another daemon by then: %s)", (isKilled) =>
    Effect.gen(function* () {
      const disk: MemoryDisk = []
      const world = yield* makePool(3)
      let daemon = (yield* started(boot(disk, world)))!
      let away: SimMachine | undefined
      world.done = (name, machine) => {
        if (name !== "provision" || away !== undefined) return
        away = machine
        world.cut(machine)
      }
      const send = (id: string, method: "down" | "launch", params: object) =>
        Effect.forkDetach(daemon.send(method, id, { clusterName: "a", ...params }), { startImmediately: true })
      const outcome = (id: string) => operationOf(daemon.log.world().operations, id)?.outcome
      yield* send("l", "launch", { task: { run: "1 0", num_nodes: 2 } })
      yield* pass(daemon, "30 seconds")
      yield* send("waits", "down", {})
      yield* pass(daemon, "10 minutes")
      yield* settle(daemon, 60)
      assert.include(JSON.stringify(outcome("waits")), "sky down --purge a")
      yield* send("d", "down", { purge: true })
      yield* settle(daemon, 60)
      assert.deepInclude(outcome("d"), { _tag: "succeeded" })
      assert.isTrue(HashMap.isEmpty(daemon.log.world().clusters.rows))
      if (isKilled) {
        yield* daemon.kill
        daemon = (yield* started(boot(disk, world)))!
      }
      yield* pass(daemon, "1 minutes")
      assert.deepStrictEqual(
        world.pool.filter(({ lease }) => lease !== null),
        [away!],
        "only what is away is still taken"
      )
      away!.isCut = false
      for (let minutes = 0; minutes < 11; minutes += 0.1) yield* pass(daemon, "6 seconds")
      yield* settle(daemon, 8)
      check(daemon, world, disk)
      checkLeases(daemon, world)
      yield* daemon.kill
    })
  )
})
