/**
 * A seeded world: random requests from two clients, a moody cloud, agents and machines that die, and a daemon that is killed at random
 * moments and at named points, and started again on the same disk. Time is virtual; a failing seed replays.
 */
import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { askAtRandom, first, pick, type Sent, seeds, steps } from "./requests.ts"
import { boot } from "./SimDaemon.ts"
import { check, checkPorts, makeWorld, pass, settle, started, trace } from "./world.ts"

const simulate = Effect.gen(function* () {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  world.mood = "moody"
  let daemon = (yield* started(boot(disk, world)))!
  const sent: Array<Sent> = []

  for (let n = 0; n < steps; n++) {
    yield* askAtRandom(daemon, sent, n)
    yield* pass(daemon, `${yield* Random.nextIntBetween(0, 4000)} millis`)
    const fate = yield* Random.next
    const machines = [...world.machines.entries()]
    if (fate < 0.1 && machines.length > 0) (yield* pick(machines))[1].agent.die()
    else if (fate < 0.15 && machines.length > 0) world.halt((yield* pick(machines))[0], "the machine was restarted")
    else if (fate < 0.4) {
      // The daemon stops dead at one of the next points that it reaches.
      let left = yield* Random.nextIntBetween(0, 6)
      world.at = () => Effect.suspend(() => (left-- > 0 ? Effect.void : Effect.never))
      yield* pass(daemon, `${yield* Random.nextIntBetween(0, 3000)} millis`)
      yield* daemon.kill
      world.at = () => Effect.void
      daemon = (yield* started(boot(disk, world)))!
    }
  }

  world.mood = "calm"
  yield* settle(daemon)
  yield* Effect.forkDetach(daemon.refreshUnwatched)
  yield* settle(daemon)
  if (process.env["SIM_TRACE"]) trace(disk)
  check(daemon, world, disk)
  checkPorts(daemon, world)
  yield* daemon.kill
})

describe("the daemon under crashes", () => {
  it.effect.each(Array.from({ length: seeds }, (_, i) => ({ seed: first + i })))(
    "seed $seed",
    ({ seed }) => simulate.pipe(Random.withSeed(String(seed))),
    120_000
  )
})
