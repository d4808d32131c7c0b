/**
 * Ports that a cloud was asked for by a daemon that was killed meanwhile, or whose answer was lost, of a launch that is over since: the log
 * has that they were wanted, and in the end whether they are open.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { cancelOperation } from "../../daemon/commands/cancel-operation.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import { Seq } from "../../events/ids.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import { offer } from "../fakes/facts.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { boot, type SimDaemon } from "./SimDaemon.ts"
import { factsOf } from "./scene.ts"
import { check, checkPorts, makeWorld, pass, settle, started } from "./world.ts"

const silence = new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" })
const denied = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not" })
const named = { clusterName: "a" }
const plain = { ...named, task: { run: "1 0" } }
const opening = { ...named, task: { run: "1 0", resources: { ports: [8080, 8081] } } }
const inDoubt = "ports 8080-8081 may be open: their launch ended before the cloud had answered; it is asked again by itself"

const nobody = { program: null, pid: null, argv: [], user: null }

interface Stage {
  readonly world: SimCloud
  readonly disk: MemoryDisk
  readonly row: () => ReturnType<typeof rowNamed>
  readonly ask: (id: string, method: "launch" | "stop" | "start" | "down", params: object) => Effect.Effect<void>
  /** A launch that opens ports, and gets no further than to this point. */
  readonly openingAt: (point: string) => Effect.Effect<void>
  /** The same, cancelled there as by `sky ops cancel`. */
  readonly cancelledAt: (point: string) => Effect.Effect<void>
  /** The daemon is killed, and the next one starts. */
  readonly restart: Effect.Effect<void>
  readonly pass: (seconds: number) => Effect.Effect<void>
  readonly settled: Effect.Effect<void>
}

/** A cluster without ports, and what is done with it by one daemon after the other. */
const played = (play: (stage: Stage) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    world.offered = [{ ...offer, region: "r" }]
    let daemon: SimDaemon = (yield* started(boot(disk, world)))!
    const ask: Stage["ask"] = (id, method, params) =>
      Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true }).pipe(Effect.andThen(settle(daemon, 8)))
    const openingAt: Stage["openingAt"] = (at) =>
      Effect.suspend(() => {
        world.at = (point) => (point === at ? Effect.never : Effect.void)
        return ask("l2", "launch", opening)
      })
    yield* ask("l1", "launch", plain)
    yield* play({
      world,
      disk,
      ask,
      row: () => rowNamed(daemon.log.world().clusters, "a"),
      openingAt,
      cancelledAt: Effect.fnUntraced(function* (point) {
        yield* openingAt(point)
        const id = "l2"
        const { clusters, operations } = daemon.log.world()
        const { events, expect } = Result.getOrThrow(cancelOperation(operationOf(operations, id), rowNamed(clusters, "a"), id, nobody))
        const actor = { kind: "user", uid: 1, host: "here" } as const
        yield* Effect.orDie(daemon.log.append({ events, expect, operation: null, causedBy: Seq.make(0), actor }))
      }),
      restart: Effect.gen(function* () {
        yield* daemon.kill
        world.at = () => Effect.void
        daemon = (yield* started(boot(disk, world)))!
      }).pipe(Effect.orDie),
      pass: (seconds) => Effect.andThen(pass(daemon, `${seconds} seconds`), pass(daemon, "0 seconds")),
      settled: Effect.suspend(() => settle(daemon))
    })
    yield* settle(daemon)
    check(daemon, world, disk)
    checkPorts(daemon, world)
    yield* daemon.kill
  })

const told = (disk: MemoryDisk) => factsOf(disk).filter(({ _tag }) => _tag === "PortsOpened" || _tag === "PortsNotOpened")

describe("ports that were asked for as the daemon was killed, by a launch that is over", () => {
  it.effect.each(["a cancel", "a stop"] as const)("are known to be open where they are, whatever ended it: %s", (who) =>
    played(({ ask, cancelledAt, disk, openingAt, restart, row, settled }) =>
      Effect.gen(function* () {
        if (who === "a cancel") yield* cancelledAt("cloud.openPorts:after")
        else yield* openingAt("cloud.openPorts:after").pipe(Effect.andThen(ask("s", "stop", named)))
        assert.strictEqual(conditionOf(row()!).reason, inDoubt)
        yield* restart
        yield* settled
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081"])
        assert.notInclude(conditionOf(row()!).reason ?? "", "may be open")
        assert.strictEqual(statusOf(row()!), who === "a stop" ? "STOPPED" : "UP")
        assert.deepStrictEqual(told(disk), [{ _tag: "PortsOpened", cluster: row()!.id, ports: ["8080-8081"] }])
      })
    )
  )
  it.effect("are known not to be where the request never came to the cloud; not before a minute has passed, in which it may still", () =>
    played(({ ask, cancelledAt, disk, pass: time, restart, row, settled }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:before")
        yield* restart
        yield* time(30)
        assert.deepStrictEqual(told(disk), [])
        assert.strictEqual(conditionOf(row()!).reason, inDoubt)
        yield* settled
        assert.deepStrictEqual(told(disk), [{ _tag: "PortsNotOpened", cluster: row()!.id, ports: ["8080-8081"] }])
        assert.isNull(conditionOf(row()!).reason)
        yield* ask("l3", "launch", opening)
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081"])
      })
    )
  )
  it.effect("are known to be open where the request came to the cloud after its daemon had gone", () =>
    played(({ cancelledAt, pass: time, restart, row, settled, world }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:before")
        yield* restart
        yield* time(20)
        world.open.set(row()!.id, ["8080-8081"])
        yield* settled
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081"])
      })
    )
  )
  it.effect("are each known for itself", () =>
    played(({ cancelledAt, disk, restart, row, settled, world }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:before")
        world.open.set(row()!.id, ["8081"])
        yield* restart
        yield* settled
        const { id: cluster } = row()!
        assert.deepStrictEqual(told(disk), [
          { _tag: "PortsOpened", cluster, ports: ["8081"] },
          { _tag: "PortsNotOpened", cluster, ports: ["8080"] }
        ])
      })
    )
  )
  it.effect("are looked at after a launch with others and a start, are none of these, and go with the cluster", () =>
    played(({ ask, cancelledAt, restart, row, settled, world }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:after")
        world.faults.set("openedPorts", silence)
        yield* restart
        yield* ask("l3", "launch", { ...named, task: { run: "1 0", resources: { ports: 9000 } } })
        assert.deepStrictEqual(row()!.machine.ports, ["9000"])
        yield* ask("s", "stop", named)
        yield* ask("u", "start", named)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.include(conditionOf(row()!).reason, "ports 8080-8081 may be open")
        assert.include(conditionOf(row()!).reason, "it did not answer")
        world.faults.clear()
        yield* settled
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081", "9000"])
        assert.isNull(conditionOf(row()!).reason)
        yield* ask("d", "down", named)
        assert.deepStrictEqual([row(), [...world.open]], [undefined, []])
      })
    )
  )
  it.effect("are closed by a down before anybody has looked", () =>
    played(({ ask, cancelledAt, disk, restart, row, world }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:after")
        world.faults.set("openedPorts", silence)
        yield* restart
        yield* ask("d", "down", named)
        assert.deepStrictEqual([row(), [...world.open], told(disk)], [undefined, [], []])
      })
    )
  )
  it.effect("are said to be in doubt where the launch is cancelled", () =>
    played(({ cancelledAt, disk, restart }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.openPorts:before")
        const [over] = factsOf(disk).flatMap((fact) => (fact._tag === "OperationCancelled" ? [fact.reason] : []))
        assert.strictEqual(over, "cancelled on request; ports 8080-8081 may be open")
        yield* restart
      })
    )
  )
})

describe("ports that a launch failed to open", () => {
  it.effect("are known to be open where it was the answer that was lost", () =>
    played(({ ask, row, settled, world }) =>
      Effect.gen(function* () {
        world.lost.set("openPorts", silence)
        yield* ask("l2", "launch", opening)
        yield* settled
        assert.deepStrictEqual(row()!.machine.ports, ["8080-8081"])
      })
    )
  )
  it.effect("are known not to be where the cloud has refused them", () =>
    played(({ ask, disk, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("openPorts", denied)
        yield* ask("l2", "launch", opening)
        world.faults.clear()
        assert.deepStrictEqual(told(disk), [{ _tag: "PortsNotOpened", cluster: row()!.id, ports: ["8080-8081"] }])
        assert.isNull(conditionOf(row()!).reason)
      })
    )
  )
  it.effect("are looked at where the answer to another launch was lost before", () =>
    played(({ ask, disk, row, settled, world }) =>
      Effect.gen(function* () {
        world.lost.set("openPorts", silence)
        world.faults.set("openedPorts", silence)
        yield* ask("l2", "launch", opening)
        world.faults.set("openPorts", denied)
        yield* ask("l3", "launch", { ...named, task: { run: "1 0", resources: { ports: "8081-8082" } } })
        world.faults.clear()
        yield* settled
        const { id: cluster } = row()!
        assert.deepStrictEqual(told(disk), [
          { _tag: "PortsNotOpened", cluster, ports: ["8082"] },
          { _tag: "PortsOpened", cluster, ports: ["8080-8081"] }
        ])
      })
    )
  )
  it.effect("and are not looked at where it had not come to them", () =>
    played(({ cancelledAt, disk, row }) =>
      Effect.gen(function* () {
        yield* cancelledAt("cloud.installAgent:before")
        assert.isNull(row()!.portsInDoubt)
        assert.deepStrictEqual(told(disk), [])
      })
    )
  )
})
