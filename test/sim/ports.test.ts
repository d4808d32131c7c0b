/** What a cluster has beside its machines, ports that were opened for it, goes with it, however its machines ended and whether it ever had any. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Result } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { cancelOperation } from "../../daemon/commands/cancel-operation.ts"
import { Seq } from "../../events/ids.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import { offer } from "../fakes/facts.ts"
import type { SimDaemon } from "./SimDaemon.ts"
import { factsOf, scene } from "./scene.ts"
import { search } from "./search.ts"
import { pass, settle } from "./world.ts"

const launch = { clusterName: "a", task: { run: "1 0", resources: { ports: 8080 } } }
const named = { clusterName: "a" }
const busy = new CloudError({ kind: "Transient", code: "DependencyViolation", message: "a machine is in it" })
const denied = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not" })
const silence = new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" })

/** In a region. */
const placed = (play: Parameters<typeof scene>[0]) =>
  scene((stage) =>
    Effect.gen(function* () {
      stage.world.offered = [{ ...offer, region: "r" }]
      yield* play(stage)
    })
  )

const nobody = { program: null, pid: null, argv: [], user: null }
/** As `sky ops cancel` does. */
const cancel = Effect.fnUntraced(function* ({ log }: SimDaemon, id: string) {
  const { clusters, operations } = log.world()
  const { events, expect } = Result.getOrThrow(cancelOperation(operationOf(operations, id), rowNamed(clusters, "a"), id, nobody))
  const actor = { kind: "user", uid: 1, host: "here" } as const
  yield* Effect.orDie(log.append({ events, expect, operation: null, causedBy: Seq.make(0), actor }))
})

const plain = { clusterName: "a", task: { run: "1 0" } }

describe("a port that a later launch asks for", () => {
  it.effect("is opened beside those that are open, before the job runs; on a cluster that was stopped as well, and once", () =>
    placed(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", launch)
        yield* ask("l2", "launch", { clusterName: "a", task: { run: "1 0", workdir: "/w", resources: { ports: ["8081", "9000-9010"] } } })
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081", "9000-9010"])
        assert.deepStrictEqual(world.open.get(row()!.id), ["8080-8081", "9000-9010"])
        yield* ask("s", "stop", named)
        yield* ask("l3", "launch", { clusterName: "a", task: { run: "1 0", resources: { ports: [22, 8080] } } })
        assert.deepStrictEqual(outcome("l3"), { _tag: "succeeded", result: { jobId: 3 } })
        yield* ask("l4", "launch", plain)
        assert.deepStrictEqual(world.open.get(row()!.id), ["22", "8080-8081", "9000-9010"])
        const facts = factsOf(disk)
        const opened = facts.flatMap((fact) => (fact._tag === "PortsOpened" ? [fact.ports] : []))
        assert.deepStrictEqual(opened, [["8081", "9000-9010"], ["22"]])
        const tags = facts.map(({ _tag }) => _tag)
        assert.isBelow(tags.indexOf("PortsOpened"), tags.indexOf("WorkdirSynced"))
        yield* ask("d", "down", named)
        assert.deepStrictEqual([...world.open], [])
      })
    )
  )
  it.effect("that may not be opened ends the launch, and nothing of its job is begun; the cluster stays as it is", () =>
    placed(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", plain)
        world.faults.set("openPorts", denied)
        yield* ask("l2", "launch", { ...launch, task: { ...launch.task, workdir: "/w" } })
        assert.include(JSON.stringify(outcome("l2")), "a: opening its ports failed: you may not")
        assert.isFalse(factsOf(disk).some(({ _tag }) => _tag === "PortsOpened" || _tag === "WorkdirSynced"))
        assert.strictEqual(statusOf(row()!), "UP")
        assert.isNull(row()!.trouble)
        world.faults.clear()
        yield* ask("l3", "launch", launch)
        assert.deepStrictEqual(row()!.machine.ports, ["8080"])
      })
    )
  )
  it.effect("and whose answer never came is closed with the cluster, although nobody knows that it was opened", () =>
    placed(({ ask, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", plain)
        world.lost.set("openPorts", silence)
        world.faults.set("openedPorts", silence)
        yield* ask("l2", "launch", launch)
        assert.deepStrictEqual([row()!.machine.ports, world.open.size], [undefined, 1])
        yield* ask("d", "down", named)
        assert.deepStrictEqual([row(), [...world.open]], [undefined, []])
      })
    )
  )
  it.effect.each(["a cancel", "a stop"] as const)("is known to be open although %s ended its launch while the cloud was at it", (who) =>
    placed(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", plain)
        const slow = Deferred.makeUnsafe<void>()
        world.at = (point) => (point === "cloud.openPorts:before" ? Deferred.await(slow) : Effect.void)
        yield* ask("l2", "launch", launch)
        if (who === "a stop") yield* ask("s", "stop", named)
        else yield* cancel(daemon, "l2")
        assert.notDeepInclude(outcome("l2") as object, { _tag: "running" })
        assert.strictEqual(world.open.size, 0)
        yield* Deferred.succeed(slow, undefined)
        yield* settle(daemon, 8)
        assert.deepStrictEqual(world.open.get(row()!.id), ["8080"])
        assert.deepStrictEqual(row()!.machine.ports, ["8080"])
        assert.strictEqual(factsOf(disk).filter(({ _tag }) => _tag === "PortsOpened").length, 1)
      })
    )
  )
  it.effect("once its cluster is gone is no fact any more, however late the cloud was done with it", () =>
    placed(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", plain)
        const slow = Deferred.makeUnsafe<void>()
        world.at = (point) => (point === "cloud.openPorts:after" ? Deferred.await(slow) : Effect.void)
        yield* ask("l2", "launch", launch)
        yield* ask("d", "down", named)
        assert.isUndefined(row())
        yield* Deferred.succeed(slow, undefined)
        yield* settle(daemon, 8)
        assert.isFalse(factsOf(disk).some(({ _tag }) => _tag === "PortsOpened"))
      })
    )
  )
  it.effect("is none of an exec's: that is refused where it is closed, and runs once a launch has opened it", () =>
    placed(({ ask, outcome }) =>
      Effect.gen(function* () {
        yield* ask("l1", "launch", plain)
        yield* ask("e1", "exec", launch)
        assert.isUndefined(outcome("e1"))
        yield* ask("l2", "launch", launch)
        yield* ask("e2", "exec", launch)
        assert.deepInclude(outcome("e2") as object, { _tag: "succeeded" })
      })
    )
  )
})

describe("an open port", () => {
  it.effect("stays open on the machines that run when one that is missing beside them is refused", () =>
    placed(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        const two = { clusterName: "a", task: { ...launch.task, num_nodes: 2 } }
        yield* ask("l1", "launch", two)
        const [node, { agent }] = [...world.machines].find(([, machine]) => machine.agent.rank === 1)!
        agent.die()
        world.machines.delete(node)
        world.lackAt = () => new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" })
        yield* ask("l2", "launch", two)
        yield* settle(daemon)
        assert.deepStrictEqual(world.open.get(row()!.id), ["8080"])
        assert.deepStrictEqual(row()!.machine.ports, ["8080"])
      })
    )
  )
  it.effect("is closed when its cluster goes, and again when that did not work", () =>
    placed(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("clear", busy)
        yield* ask("d", "down", named)
        assert.isDefined(row())
        world.faults.clear()
        yield* settle(daemon)
        assert.isUndefined(row())
        assert.strictEqual(world.cleared.length, 1)
        assert.isTrue(factsOf(disk).some((fact) => fact._tag === "ActionFailed" && fact.message === "a machine is in it"))
      })
    )
  )
  it.effect(
    "that its cloud does not close for a while is what its down says, with the way on, and its cluster stays until it is closed",
    () =>
      placed(({ ask, daemon, outcome, row, world }) =>
        Effect.gen(function* () {
          yield* ask("l", "launch", launch)
          world.faults.set("clear", busy)
          yield* ask("d", "down", named)
          yield* pass(daemon, "2 minutes")
          assert.deepNestedInclude(outcome("d"), {
            "error.tag": "RuntimeError",
            "error.message": "a: closing its ports failed: a machine is in it",
            "error.hint":
              "It has no nodes any more. It is tried again by itself; to wait for that: sky down a. To drop it at once: sky down --purge a; what is left then: sky leaks"
          })
          assert.deepInclude(row(), { wanted: "gone" })
          world.faults.clear()
          yield* ask("again", "down", named)
          yield* pass(daemon, "2 minutes")
          assert.isUndefined(row())
          assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        })
      )
  )
  it.effect("that may not be closed keeps no cluster, and is told of", () =>
    placed(({ ask, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        world.faults.set("clear", denied)
        yield* ask("d", "down", named)
        assert.isUndefined(row())
        const left = factsOf(disk).flatMap((fact) => (fact._tag === "RestLeft" ? [fact.message] : []))
        assert.deepStrictEqual(left, ["you may not"])
      })
    )
  )
  const zonesOf = (cloud: string) => ["a", "b", "c"].map((zone) => ({ ...offer, cloud, region: "r", zone }))
  it.effect("is closed once for all zones of a search, when it leaves its cloud and when it is over; what stays is told then", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          const open: Array<number> = []
          world.lackAt = () => {
            open.push(world.open.size)
            return new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left" })
          }
          yield* ask("l", "launch", launch)
          assert.deepStrictEqual([row(), open.length], [undefined, 6])
          assert.lengthOf(world.cleared, 2)
          assert.deepStrictEqual([...world.open], [])
          world.faults.set("clear", denied)
          yield* ask("m", "launch", launch)
          const told = factsOf(disk).flatMap((fact) => (fact._tag === "RestLeft" ? [[fact.cloud, fact.message]] : []))
          assert.deepStrictEqual(told, [
            ["aws", "you may not"],
            // With the cluster it was tried again.
            ["aws", "you may not"],
            ["gcp", "you may not"]
          ])
          world.open.clear()
        }),
      [...zonesOf("aws"), ...zonesOf("gcp")]
    )
  )
  it.effect("is closed although no machine ever came: once what was asked for is known to be nothing", () =>
    placed(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", silence)
        yield* ask("l", "launch", launch)
        yield* ask("d", "down", { ...named, purge: true })
        assert.isUndefined(row())
        const before = world.cleared.length
        yield* settle(daemon)
        assert.isAbove(world.cleared.length, before)
      })
    )
  )
  it.effect("that may not be closed is no reason to look for ever for what was asked for", () =>
    placed(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        world.faults.set("provision", silence)
        yield* ask("l", "launch", launch)
        yield* ask("d", "down", { ...named, purge: true })
        world.faults.set("clear", denied)
        yield* pass(daemon, "2 minutes")
        assert.isTrue(factsOf(disk).some((fact) => fact._tag === "NodeRefused" && fact.code === "NothingLeft"))
      })
    )
  )
  it.effect("of nobody is not asked about", () =>
    placed(({ ask, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("clear", denied)
        yield* ask("l", "launch", { ...launch, task: { run: "1 0" } })
        yield* ask("d", "down", named)
        assert.isUndefined(row())
        assert.deepStrictEqual(world.cleared, [])
      })
    )
  )
})
