/**
 * A seeded world of machines over ssh: the real ssh cloud under a moody network, machines that lose link, power, room or their key, agents
 * that die, strangers who have machines too, and a daemon that is killed at random moments and started again. What is lost comes back in
 * the end; then each machine is leased as the log says, and no job has run twice. Time is virtual; a failing seed replays.
 */
import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { SimMachine } from "../fakes/SimMachine.ts"
import type { SimPool } from "../fakes/SimPool.ts"
import { checkLeases } from "./leases.ts"
import { askAtRandom, first, pick, type Sent, seeds, steps } from "./requests.ts"
import { boot } from "./SimDaemon.ts"
import { check, makePool, pass, settle, started, trace } from "./world.ts"

const machinesCount = 5
/** Of two seconds: the longest backoff, and a head that is waited for before its nodes are released. */
const stillSteps = 60

const restored = (machine: SimMachine) => {
  machine.isUp = true
  machine.isCut = false
  machine.isFull = false
  machine.hostKey = machine.knownKey
}

const befall = Effect.fn("befall")(function* (world: SimPool) {
  const fate = yield* Random.next
  const machine = yield* pick(world.pool)
  if (fate < 0.1) for (const { agent } of machine.nodes.values()) agent.die()
  else if (fate < 0.16) machine.powerOff()
  else if (fate < 0.24) world.cut(machine)
  else if (fate < 0.32) machine.breakAll()
  else if (fate < 0.35 && machine.nodes.has(machine.lease ?? "")) machine.hostKey = `${machine.knownKey}1`
  else if (fate < 0.4) machine.isFull = true
  else if (fate < 0.45) world.takeByStrangers(machine)
  else if (fate < 0.5) world.leaveByStrangers(machine)
  else if (fate < 0.58) {
    // The next machine that is had, or given back, is cut off before it can say so.
    const deed = yield* pick(["provision", "terminate"])
    world.done = (name, where) => {
      if (name !== deed) return
      world.cut(where)
      world.done = () => undefined
    }
  }
  for (const other of world.pool) if ((yield* Random.next) < 0.25) restored(other)
})

const simulate = Effect.gen(function* () {
  const disk: MemoryDisk = []
  const world = yield* makePool(machinesCount)
  world.mood = "moody"
  let daemon = (yield* started(boot(disk, world)))!
  const sent: Array<Sent> = []

  for (let n = 0; n < steps; n++) {
    yield* askAtRandom(daemon, sent, n, true)
    yield* pass(daemon, `${yield* Random.nextIntBetween(0, 10_000)} millis`)
    // Now and then nobody asks for anything for so long that what is idle ends.
    if ((yield* Random.next) < 0.05) yield* pass(daemon, "6 minutes")
    yield* befall(world)
    if ((yield* Random.next) < 0.25) {
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
  world.done = () => undefined
  // What a purge has dropped is asked for seldom.
  for (let minutes = 0; minutes < 21; minutes += 0.1) {
    // Each time: who was just spoken to may be known by a key that it showed a moment ago.
    world.pool.forEach(restored)
    yield* pass(daemon, "6 seconds")
  }
  yield* settle(daemon, stillSteps)
  yield* Effect.forkDetach(daemon.refreshUnwatched)
  yield* settle(daemon, stillSteps)
  if (process.env["SIM_TRACE"]) trace(disk)
  check(daemon, world, disk)
  checkLeases(daemon, world)
  yield* daemon.kill
})

describe("machines over ssh under crashes", () => {
  it.effect.each(Array.from({ length: seeds }, (_, i) => ({ seed: first + i })))(
    "seed $seed",
    ({ seed }) => simulate.pipe(Random.withSeed(String(seed))),
    120_000
  )
})
