/** A daemon that dies again and again comes up with its reactors off: it answers, ends what it is told to end, and touches nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { Reactors } from "../../daemon/reactors/Reactors.ts"
import { daemonStream } from "../../events/Recorded.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { check, makeWorld, pass, settle, started } from "./world.ts"

const launch = (clusterName: string) => ({ clusterName, task: { run: "1 0" } })

const begin = Effect.gen(function* () {
  const disk: MemoryDisk = []
  const world = yield* makeWorld
  return { world, start: Effect.map(started(boot(disk, world, Reactors.layer)), (daemon) => daemon!), disk }
})
const send = (daemon: SimDaemon, id: string, method: CommandName, params: object) =>
  Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }).pipe(Effect.andThen(settle(daemon, 8)))
const outcome = (daemon: SimDaemon, id: string) => operationOf(daemon.log.world().operations, id)?.outcome._tag
const refusal = (daemon: SimDaemon, id: string, method: CommandName, params: object) =>
  Effect.map(daemon.send(method, id, params), (exit) => {
    const sent = exit as Exit.Exit<unknown, { message: string }>
    return Exit.isFailure(sent) ? String(Cause.squash(sent.cause)) : assert.fail("it was not refused")
  })
/** As `main` ends a life that somebody ended. */
const end = (daemon: SimDaemon) =>
  daemon.log
    .append({
      events: [[daemonStream, { _tag: "DaemonStopped", reason: "asked to stop" }]],
      operation: null,
      causedBy: 0,
      actor: { kind: "daemon", uid: 1, host: "sim" },
      expect: []
    })
    .pipe(Effect.andThen(daemon.kill))

describe("three ends within a minute", () => {
  it.effect("leave all clusters alone, but for a stop and a down that are asked for from then on; after a clean end all goes on", () =>
    Effect.gen(function* () {
      const { disk, start, world } = yield* begin
      world.at = (point) => (point === "cloud.installAgent:before" ? Effect.never : Effect.void)
      const first = yield* start
      yield* send(first, "a", "launch", launch("a"))
      yield* send(first, "b", "launch", launch("b"))
      yield* first.kill
      for (let end = 2; end <= 3; end++) yield* Effect.flatMap(start, ({ kill }) => kill)
      world.at = () => Effect.void
      const calls = world.reached.filter((point) => point.startsWith("cloud.")).length

      const off = yield* start
      yield* settle(off, 8)
      assert.strictEqual(world.reached.filter((point) => point.startsWith("cloud.")).length, calls)
      assert.strictEqual(outcome(off, "a"), "running")
      assert.match(yield* refusal(off, "c", "launch", launch("c")), /^RuntimeError: .*: launch is not begun\.$/)
      assert.include(yield* refusal(off, "a", "launch", launch("a")), "this launch does not go on")
      yield* send(off, "d", "down", { clusterName: "a" })
      assert.strictEqual(outcome(off, "d"), "succeeded")
      assert.isUndefined(rowNamed(off.log.world().clusters, "a"))
      assert.strictEqual(outcome(off, "b"), "running")
      yield* end(off)

      const on = yield* start
      yield* settle(on, 8)
      assert.strictEqual(outcome(on, "b"), "succeeded")
      check(on, world, disk)
      yield* on.kill
    })
  )
  it.effect("are not three ends that somebody asked for, nor three that lie further apart", () =>
    Effect.gen(function* () {
      const { start } = yield* begin
      for (let i = 0; i < 4; i++) yield* Effect.flatMap(start, end)
      for (let i = 0; i < 4; i++) {
        const { kill } = yield* start
        yield* pass(undefined, "35 seconds")
        yield* kill
      }
      const on = yield* start
      yield* send(on, "l", "launch", launch("a"))
      assert.strictEqual(outcome(on, "l"), "succeeded")
      yield* on.kill
    })
  )
})
