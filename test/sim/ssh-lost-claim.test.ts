/** A claim over ssh that never came to its machine: the same one is asked again once it is reached, and gives it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { operationOf } from "../../projections/operations.ts"
import { checkLeases } from "./leases.ts"
import { boot } from "./SimDaemon.ts"
import { check, makePool, pass, settle, started } from "./world.ts"

describe("a claim that never came to its machine", () => {
  it.effect.each([1, 2])("is made again when it is reached, by a cluster of %s nodes", (nodes) =>
    Effect.gen(function* () {
      const disk: MemoryDisk = []
      const world = yield* makePool(nodes + 1)
      const [other] = world.pool
      world.takeByStrangers(other!)
      const daemon = (yield* started(boot(disk, world)))!
      const away = world.pool[1]!
      let isLost = false
      world.at = (point) =>
        Effect.sync(() => {
          if (point !== "ssh.provision:before" || isLost) return
          isLost = true
          world.cut(away)
        })
      yield* Effect.forkDetach(daemon.send("launch", "l", { clusterName: "a", task: { run: "1 0", num_nodes: nodes } }), {
        startImmediately: true
      })
      yield* pass(daemon, "16 seconds")
      assert.isTrue(isLost)
      world.leaveByStrangers(other!)
      away.isCut = false
      yield* pass(daemon, "1 minutes")
      yield* settle(daemon, 8)
      assert.deepInclude(operationOf(daemon.log.world().operations, "l")?.outcome, { _tag: "succeeded" })
      assert.isNull(other!.lease, "what was lost may still come to its machine")
      check(daemon, world, disk)
      checkLeases(daemon, world)
      yield* daemon.kill
    })
  )
})
