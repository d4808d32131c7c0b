/** What a simulated world must look like when the dust has settled, and how time passes in it. */
import { assert } from "@effect/vitest"
import { Clock, type Duration, Effect, Fiber, HashMap } from "effect"
import { TestClock } from "effect/testing"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { readRecord } from "../../daemon/log/read-record.ts"
import { plan } from "../../daemon/reactors/plan.ts"
import * as World from "../../daemon/World.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { isOver, jobsOf } from "../../projections/jobs.ts"
import { holdsPorts } from "../../task/ports.ts"
import type { SimAgent } from "../fakes/SimAgent.ts"
import { SimCloud } from "../fakes/SimCloud.ts"
import { SimPool } from "../fakes/SimPool.ts"
import type { SimDaemon } from "./SimDaemon.ts"

/** Turns of the real event loop that a message over a stream may need. */
const turns = 12

const breathe = Effect.promise(async () => {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
})

/** Virtual time, in small steps; unless something in the background has died: then the test dies of the same cause. */
export const pass = (daemon: SimDaemon | undefined, time: Duration.Input) => {
  const step = Effect.andThen(TestClock.adjust(time), breathe)
  return daemon === undefined ? step : Effect.raceFirst(step, daemon.failure)
}

const inWorld = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  return {
    inWorld: <A>(work: Effect.Effect<A>) => Effect.runForkWith(context)(work),
    nowMs: () => Math.trunc(clock.currentTimeMillisUnsafe())
  }
})
export const makeWorld = Effect.map(inWorld, (world) => new SimCloud(world))
/** Its cloud is the real one of machines over ssh. */
export const makePool = (machines: number) => Effect.map(inWorld, (world) => new SimPool(machines, world))

/** A daemon looks at its clusters before it serves, so time passes while it starts. `undefined`: it stopped dead on the way. */
export const started = Effect.fn("started")(function* (booting: Effect.Effect<SimDaemon, unknown>, isDead: () => boolean = () => false) {
  const fiber = yield* Effect.forkDetach(booting, { startImmediately: true })
  while (fiber.pollUnsafe() === undefined && !isDead()) yield* pass(undefined, "250 millis")
  if (!isDead()) return yield* Fiber.join(fiber)
  yield* Effect.forkDetach(Fiber.interrupt(fiber))
  return undefined
})

/** Until nothing has moved for some steps of two seconds, or too long. Longer than the longest backoff, unless the cloud is calm. */
export const settle = Effect.fn("settle")(function* (daemon: SimDaemon, stillSteps = 40) {
  for (let i = 0, still = 0, at = -1; i < 900 && still < stillSteps; i++) {
    yield* pass(daemon, "2 seconds")
    const now = daemon.log.world().at
    still = now === at ? still + 1 : 0
    at = now
  }
})

export const replayed = (disk: MemoryDisk) =>
  disk.reduce((world, stored) => {
    const result = readRecord(stored)
    return result._tag === "Success" ? World.apply(world, result.success) : assert.fail(result.failure.message)
  }, World.empty)

/** The log in words, for a red run. */
export const trace = (disk: MemoryDisk) => {
  for (const stored of disk) {
    const result = readRecord(stored)
    if (result._tag === "Failure") continue
    const { atMs, event, operation, seq, stream } = result.success
    console.log(seq, atMs, stream.slice(-8), operation ?? "-", JSON.stringify(event).slice(0, 160))
  }
}

/** Far more than any story needs, and few enough to find a loop that writes. */
const factsMax = 500

/** What there is, beside the log. */
interface Ground {
  readonly machines: ReadonlyMap<string, { readonly agent: SimAgent; readonly state: "running" | "stopped" }>
}

/** Nothing is open of a cluster that is gone, and of one that is there all that the log says, and no more. */
export const checkPorts = (daemon: SimDaemon, { open }: Pick<SimCloud, "open">) => {
  const rows = [...HashMap.values(daemon.log.world().clusters.rows)]
  const ids = rows.map(({ id }) => id as string)
  assert.deepStrictEqual(
    [...open.keys()].filter((id) => !ids.includes(id)),
    [],
    "ports of clusters that are gone"
  )
  for (const { id, machine, name } of rows) {
    assert.isTrue(holdsPorts(open.get(id) ?? [], machine.ports ?? []), `not all ports of ${name} are open`)
    assert.isTrue(holdsPorts(machine.ports ?? [], open.get(id) ?? []), `ports of ${name} are open that nobody knows of`)
  }
}

export const check = (daemon: SimDaemon, world: Ground, disk: MemoryDisk) => {
  assert.deepStrictEqual(daemon.defects, [], "requests that skyd itself failed at")
  const state = daemon.log.world()
  const rows = [...HashMap.values(state.clusters.rows)]
  const known = new Set(rows.flatMap((row) => row.nodes.map(({ node }) => node as string)))
  assert.deepStrictEqual(
    [...world.machines.keys()].filter((node) => !known.has(node)),
    [],
    "machines that the log does not know"
  )
  assert.deepStrictEqual(
    [...known].filter((node) => !world.machines.has(node)),
    [],
    "nodes that do not exist"
  )
  const paid = [...HashMap.values(state.costs.rows)].flatMap(({ meters }) => meters.filter(({ sinceMs }) => sinceMs !== null))
  const run = rows.flatMap(({ nodes }) => nodes.filter(({ state: is }) => is !== "stopped"))
  assert.deepStrictEqual(paid.map(({ node }) => node).sort(), run.map(({ node }) => node).sort(), "nodes that are paid for")
  for (const row of rows) {
    assert.isUndefined(plan(row, state.jobs), `${row.name} is stuck`)
    assert.deepStrictEqual(
      row.operations.map(({ method }) => method),
      [],
      `${row.name} has operations that do not end`
    )
    for (const { node, state: is } of row.nodes) assert.strictEqual(world.machines.get(node)?.state, is, `${node} is not as the log says`)
    for (const job of jobsOf(state.jobs, row.id))
      assert.isTrue(isOver(job) || statusOf(row) === "UP", `job ${job.id} of ${row.name} has no end`)
  }
  const open = [...HashMap.values(state.operations.rows)].filter(({ outcome }) => outcome._tag === "running")
  assert.deepStrictEqual(
    open.map(({ id, method }) => `${method} ${id}`),
    [],
    "operations that do not end"
  )
  for (const { agent } of world.machines.values()) {
    for (const [what, times] of agent.begun) assert.strictEqual(times, 1, `${what} was begun ${times} times`)
  }
  assert.isBelow(disk.length, factsMax, "a storm of facts")
  const again = replayed(disk)
  assert.deepStrictEqual(JSON.parse(JSON.stringify(again)), JSON.parse(JSON.stringify(state)), "the log does not fold to the live state")
  assert.strictEqual(again.at, disk.length)
}
