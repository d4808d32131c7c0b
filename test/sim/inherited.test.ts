/** A request for machines that an earlier daemon made is known as such by the log, however the clock was set between the two. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { boot } from "./SimDaemon.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

it.effect("a request is told to be an earlier daemon's, also when the clock is put back before the next one begins", () =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    const { provision } = world.cloud
    const inherited: Array<boolean | undefined> = []
    Object.assign(world.cloud, {
      provision: (request: Parameters<typeof provision>[0]) => {
        inherited.push(request.isInherited)
        return provision(request)
      }
    })
    yield* TestClock.adjust("1 hour")
    let daemon = (yield* started(boot(disk, world)))!
    world.at = (point) => (point === "cloud.provision:after" ? Effect.never : Effect.void)
    yield* Effect.forkDetach(daemon.send("launch", "l", { clusterName: "a", task: { run: "1 0" } }), { startImmediately: true })
    yield* pass(daemon, "5 seconds")
    yield* daemon.kill
    world.at = () => Effect.void
    yield* TestClock.setTime(0)
    daemon = (yield* started(boot(disk, world)))!
    yield* settle(daemon)
    yield* Effect.forkDetach(daemon.send("launch", "m", { clusterName: "b", task: { run: "1 0" } }), { startImmediately: true })
    yield* settle(daemon)
    assert.deepStrictEqual(inherited, [false, true, false])
    check(daemon, world, disk)
    yield* daemon.kill
  })
)
