/** A cloud that fails: what the daemon then says, keeps and gives up. On virtual time, with the real log and the real reactors. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { cancelOperation } from "../../daemon/commands/cancel-operation.ts"
import { giveUpPlace } from "../../daemon/reactors/conclude.ts"
import { SyncError } from "../../daemon/sync/SyncError.ts"
import { type OperationId, Seq } from "../../events/ids.ts"
import type { ActiveOperation } from "../../projections/ClusterRow.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass, replayed, settle } from "./world.ts"

const down = new CloudError({ kind: "Transient", code: "Unavailable", message: "the cloud is out to lunch" })

const launch = { clusterName: "a", task: { run: "1 0" } }
const named = { clusterName: "a" }

describe("when the cloud fails", () => {
  it.effect(
    "stop-08: a stop is a RuntimeError and the cluster is not shown as STOPPED; it is tried on, and ends when the cloud is back",
    () =>
      scene(({ ask, daemon, outcome, row, world }) =>
        Effect.gen(function* () {
          yield* ask("l", "launch", launch)
          world.faults.set("stop", down)
          yield* ask("s", "stop", named)
          assert.deepNestedInclude(outcome("s"), { _tag: "failed", "error.tag": "RuntimeError" })
          assert.deepInclude(conditionOf(row()!), {
            status: "INIT",
            phase: "stop",
            reason: "a stop was asked for, and waits: the cloud is out to lunch"
          })
          world.faults.clear()
          yield* pass(daemon, "2 minutes")
          yield* settle(daemon, 40)
          assert.strictEqual(statusOf(row()!), "STOPPED")
        })
      )
  )
  it.effect("stop-09: with purge it is STOPPED all the same, and a fact names what may still run", () =>
    scene(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("stop", down)
        yield* ask("s", "stop", { ...named, purge: true })
        assert.deepInclude(outcome("s"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "STOPPED")
        assert.include(JSON.stringify(row()!.nodes), "not confirmed by the cloud: the cloud is out to lunch")
        assert.isAbove(replayed(disk).at, 0)
      })
    )
  )
  it.effect("what a purge called stopped is looked at by itself, until its cloud says that it is off", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("stop", down)
        yield* ask("s", "stop", { ...named, purge: true })
        const [machine] = world.machines.values()
        machine!.state = "stopped"
        world.faults.clear()
        assert.include(conditionOf(row()!).reason, "stopped by a purge, not confirmed by the cloud: its machine may still run")
        yield* pass(daemon, "2 minutes")
        assert.deepInclude(conditionOf(row()!), { status: "STOPPED", reason: "stopped on request" })
      })
    )
  )
  it.effect("and one that runs all the same is up, and said to be", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("stop", down)
        yield* ask("s", "stop", { ...named, purge: true })
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 40)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.strictEqual([...world.machines.values()][0]?.state, "running")
      })
    )
  )
  it.effect("down-07: a down is a RuntimeError and the cluster stays listed, until the cloud is back", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("terminate", down)
        yield* ask("d", "down", named)
        assert.deepNestedInclude(outcome("d"), { _tag: "failed", "error.tag": "RuntimeError" })
        assert.isDefined(row())
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 40)
        assert.isUndefined(row())
        assert.strictEqual(world.machines.size, 0)
      })
    )
  )
  it.effect("down-08: with purge it is not listed any more, and a fact names what may be leaked", () =>
    scene(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("terminate", down)
        yield* ask("d", "down", { ...named, purge: true })
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        const [machine] = world.machines.keys()
        assert.deepInclude(
          factsOf(disk).find(({ _tag }) => _tag === "NodeAbandoned"),
          { node: machine as never, reason: "the cloud is out to lunch" }
        )
      })
    )
  )
  it.effect(
    "launch-19, start-02: a runtime that cannot be installed fails the launch, INIT with the reason and the node kept; start tries again",
    () =>
      scene(({ ask, outcome, row, world }) =>
        Effect.gen(function* () {
          world.faults.set("installAgent", down)
          yield* ask("l", "launch", { ...launch, down: true })
          assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "CommandError" })
          assert.deepInclude(conditionOf(row()!), {
            status: "INIT",
            reason:
              "nobody works on it any more: its launch ended before the agent on the head answered (the cloud is out to lunch). To end it: sky down a; to go on: sky launch or sky start a"
          })
          assert.isFalse(row()!.autostop?.down)
          assert.strictEqual(world.machines.size, 1)
          world.faults.clear()
          yield* ask("s", "start", named)
          assert.deepInclude(outcome("s"), { _tag: "succeeded" })
          assert.strictEqual(statusOf(row()!), "UP")
        })
      )
  )
  it.effect("a refusal of what was asked ends the launch with the cloud's own words, and the name is free again", () =>
    scene(({ ask, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" }))
        yield* ask("l", "launch", launch)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "ResourcesUnavailableError",
          "error.fields.failoverHistory": [{ tag: "NoCapacity", message: "no machines left" }],
          "error.fields.noFailover": false
        })
        assert.isUndefined(row())
        world.faults.clear()
        yield* ask("again", "launch", launch)
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
  it.effect("of a cluster that was up before, a refusal says that other places were left alone", () =>
    scene(({ ask, row }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const start = { _tag: "StartRequested", cluster: row()!.id } as const
        const operation = { id: "s" as OperationId, method: "start", request: start } as unknown as ActiveOperation
        const { events } = giveUpPlace({ ...row()!, operations: [operation] }, [])
        assert.lengthOf(events, 1)
        assert.deepNestedInclude({ events }, { "events[0][0].error.fields.noFailover": true })
      })
    )
  )
  it.effect("a second launch and a down that come during a refusal end too: nothing runs on for a cluster that is gone", () =>
    scene(({ daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" }))
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("5 seconds") : Effect.void)
        const send = (id: string, method: CommandName, params: object) =>
          Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }).pipe(Effect.andThen(pass(daemon, "1 seconds")))
        yield* send("one", "launch", launch)
        yield* send("two", "launch", launch)
        yield* settle(daemon, 8)
        for (const id of ["one", "two"]) assert.deepNestedInclude(outcome(id), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
        yield* send("three", "launch", launch)
        yield* send("down", "down", named)
        yield* settle(daemon, 8)
        assert.deepInclude(outcome("three"), { _tag: "cancelled" })
        assert.deepInclude(outcome("down"), { _tag: "succeeded" })
        assert.isUndefined(row())
      })
    )
  )
  it.effect("a launch that is cancelled while its machine is made says so when that comes, and a start brings it up", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = (point) => (point === "cloud.provision:before" ? Effect.sleep("1 minute") : Effect.void)
        yield* ask("l", "launch", { ...launch, task: { run: "1 0", num_nodes: 2 } })
        const cancelled = cancelOperation(operationOf(daemon.log.world().operations, "l"), row(), "l", {
          program: null,
          pid: null,
          argv: [],
          user: null
        })
        const { events, expect } = Result.getOrThrow(cancelled)
        yield* Effect.orDie(
          daemon.log.append({ events, expect, operation: null, causedBy: Seq.make(0), actor: { kind: "user", uid: 1, host: "here" } })
        )
        assert.include(
          conditionOf(row()!).reason,
          "nobody works on it any more, and 2 nodes from local may still come. To end it: sky down a"
        )
        yield* pass(daemon, "2 minutes")
        assert.strictEqual(world.machines.size, 2)
        assert.deepInclude(conditionOf(row()!), { status: "INIT", phase: null })
        assert.include(
          conditionOf(row()!).reason,
          "its launch ended before the agent on the head, worker 1 answered. To end it: sky down a;"
        )
        yield* ask("s", "start", named)
        assert.deepInclude(outcome("s"), { _tag: "succeeded" })
        assert.deepInclude(conditionOf(row()!), { status: "UP", reason: null })
        check(daemon, world, disk)
      })
    )
  )
  it.effect("launch-10: with retryUntilUp refused rounds go on until it is up, with pauses between them", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" }))
        yield* ask("l", "launch", { ...launch, retryUntilUp: true })
        assert.deepInclude(outcome("l"), { _tag: "running" })
        assert.deepInclude(conditionOf(row()!), { status: "INIT", reason: "all places are asked again soon: no machines left" })
        yield* settle(daemon, 40)
        assert.isAtLeast(row()!.rounds, 2)
        world.faults.clear()
        // By then the longest pause of the third round is over: two minutes, and two fifths.
        yield* settle(daemon, 100)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
  it.effect("launch-20, exec-16: a workdir that cannot be sent fails the launch and the exec; nothing is torn down or scheduled", () =>
    scene(({ ask, outcome, row, world }) =>
      Effect.gen(function* () {
        world.unreadable = new SyncError({ path: "/w/x", message: "/w/x cannot be read" })
        yield* ask("l", "launch", { ...launch, task: { ...launch.task, workdir: "/w" }, down: true })
        assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "CommandError" })
        assert.deepInclude(conditionOf(row()!), { status: "UP", reason: null })
        yield* ask("e", "exec", { ...named, task: { run: "1 0", workdir: "/w" }, down: true })
        assert.deepNestedInclude(outcome("e"), { _tag: "failed", "error.tag": "CommandError" })
        assert.deepInclude(conditionOf(row()!), { status: "UP", reason: null })
        assert.isFalse(row()!.autostop?.down)
        assert.strictEqual(row()!.lastJob, 0)
        assert.strictEqual(world.machines.size, 1)
      })
    )
  )
  it.effect("status-18: launching again recovers a cluster that lost a node", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, task: { run: "1 0", num_nodes: 2 } })
        const worker = row()!.nodes[1]!.node
        world.machines.get(worker)!.agent.die()
        world.machines.delete(worker)
        yield* settle(daemon, 8)
        assert.deepInclude(conditionOf(row()!), { status: "INIT" })
        assert.include(conditionOf(row()!).reason, "1 node of 2 missing")
        yield* ask("again", "launch", { ...launch, task: { run: "1 0", num_nodes: 2 } })
        assert.strictEqual(statusOf(row()!), "UP")
        assert.strictEqual(world.machines.size, 2)
      })
    )
  )
  it.effect("a cluster at rest asks the cloud nothing, also after a worker has vanished", () =>
    scene(({ ask, daemon, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { clusterName: "a", task: { run: "1 0", num_nodes: 2 } })
        const [, worker] = [...world.machines]
        worker![1].agent.die()
        world.machines.delete(worker![0])
        yield* settle(daemon, 8)
        const asked = () => world.reached.filter((point) => point === "cloud.query:before").length
        const before = asked()
        assert.isAbove(before, 0)
        yield* pass(daemon, "10 minutes")
        assert.strictEqual(asked(), before)
      })
    )
  )
})
