/**
 * A seeded world: random requests from two clients, a moody cloud, agents and machines that die, and a daemon that is killed at random
 * moments and at named points, and started again on the same disk. Time is virtual; a failing seed replays.
 */
import { describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { boot } from "./SimDaemon.ts"
import { check, makeWorld, pass, settle, started, trace } from "./world.ts"

const seeds = Number(process.env["SIM_SEEDS"] ?? 100)
const first = Number(process.env["SIM_FIRST"] ?? 0)
const steps = Number(process.env["SIM_STEPS"] ?? 25)
const names = ["a", "b", "c"]

const pick = <A>(from: ReadonlyArray<A>) => Effect.map(Random.nextIntBetween(0, from.length - 1), (i) => from[i]!)

const task = Effect.gen(function* () {
  const run = `${yield* Random.nextIntBetween(0, 20)} ${yield* pick(["0", "0", "3"])}`
  const setup = (yield* Random.nextBoolean) ? { setup: yield* pick(["0", "0", "5"]) } : {}
  const workdir = (yield* Random.nextBoolean) ? { workdir: "/w" } : {}
  const mounts = (yield* Random.nextBoolean) ? { file_mounts: { "~/m": "/m", "~/n": "/n" } } : {}
  return { run, ...setup, ...workdir, ...mounts }
})

const request = Effect.gen(function* () {
  const clusterName = yield* pick(names)
  const method = yield* pick<CommandName>([
    "launch",
    "launch",
    "launch",
    "exec",
    "exec",
    "exec",
    "stop",
    "start",
    "down",
    "cancel",
    "autostop"
  ])
  if (method === "launch") {
    const idle = (yield* Random.nextBoolean) ? { idleMinutesToAutostop: 5, down: yield* Random.nextBoolean } : {}
    return { method, params: { clusterName, task: { ...(yield* task), num_nodes: yield* Random.nextIntBetween(1, 3) }, ...idle } }
  }
  if (method === "exec") return { method, params: { clusterName, task: yield* task } }
  if (method === "cancel") return { method, params: { clusterName, all: true } }
  if (method === "autostop") return { method, params: { clusterName, idleMinutes: yield* Random.nextIntBetween(-1, 10) } }
  return { method, params: { clusterName } }
})

const simulate = Effect.gen(function* () {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  world.mood = "moody"
  let daemon = (yield* started(boot(disk, world)))!
  const sent: Array<{ readonly id: string; readonly method: CommandName; readonly params: object }> = []

  for (let n = 0; n < steps; n++) {
    // Two clients at once; now and then one says again what it said before.
    for (const client of ["x", "y"]) {
      const fresh = { id: `${client}${n}`, ...(yield* request) }
      const next = sent.length > 0 && (yield* Random.next) < 0.15 ? yield* pick(sent) : fresh
      sent.push(next)
      yield* Effect.forkDetach(daemon.send(next.method, next.id, next.params), { startImmediately: true })
    }
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
  yield* daemon.kill
})

describe("the daemon under crashes", () => {
  it.effect.each(Array.from({ length: seeds }, (_, i) => ({ seed: first + i })))(
    "seed $seed",
    ({ seed }) => simulate.pipe(Random.withSeed(String(seed))),
    120_000
  )
})
