/** The first start over a log that was cut by damage and imported: nothing that was open in it is carried on, and the cloud's word holds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { MemoryDisk } from "../../daemon/log/MemoryLogStore.ts"
import type { Event } from "../../events/Event.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { afterImport, boot, type SimDaemon } from "./SimDaemon.ts"
import { factsOf } from "./scene.ts"
import { check, makeWorld, settle, started } from "./world.ts"

type Ask = readonly [id: string, method: CommandName, params: object]
const launch: Ask = ["l", "launch", { clusterName: "a", task: { run: "1 0", num_nodes: 2 } }]
const stop: Ask = ["s", "stop", { clusterName: "a" }]
const down: Ask = ["d", "down", { clusterName: "a" }]
const start: Ask = ["u", "start", { clusterName: "a" }]

const endAll = (world: SimCloud) => {
  for (const [node, { agent }] of world.machines) {
    agent.endAll("FAILED", "the machine ended")
    agent.die()
    world.machines.delete(node)
  }
}

/** For so many looks. */
const silentFor = (looks: number) => (world: SimCloud) => {
  world.faults.set("query", new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" }))
  let seen = 0
  world.at = (point) =>
    Effect.sync(() => {
      if (point === "cloud.query:before" && ++seen > looks) world.faults.delete("query")
    })
}

interface Later {
  readonly daemon: SimDaemon
  readonly world: SimCloud
  readonly disk: MemoryDisk
  /** What the cloud was told to do since the import. */
  readonly deeds: () => ReadonlyArray<string>
}

/** All that is asked is carried out; then the log ends with the last fact of this kind, and its import is served. */
const imported = (
  asked: ReadonlyArray<Ask>,
  last: Event["_tag"],
  meanwhile: (world: SimCloud) => void,
  then: (later: Later) => void,
  refused: ReadonlyArray<string> = []
) =>
  Effect.gen(function* () {
    const disk: MemoryDisk = []
    const world = yield* makeWorld
    for (const name of refused) world.faults.set(name, new CloudError({ kind: "Transient", code: "Busy", message: "not now" }))
    const first = (yield* started(boot(disk, world)))!
    for (const [id, method, params] of asked) {
      yield* Effect.forkDetach(first.send(method, id, params), { startImmediately: true })
      yield* settle(first, 8)
    }
    yield* first.kill
    disk.splice(factsOf(disk).findLastIndex(({ _tag }) => _tag === last) + 1)
    meanwhile(world)
    world.reached.splice(0)
    const daemon = (yield* started(boot(disk, world, afterImport)))!
    yield* settle(daemon, 8)
    const deeds = () => world.reached.filter((point) => /^cloud\.(provision|start|stop|terminate|put):before/.test(point))
    then({ daemon, world, disk, deeds })
    check(daemon, world, disk)
    yield* daemon.kill
  })

const rowIn = ({ daemon }: Later) => rowNamed(daemon.log.world().clusters, "a")
const outcomeIn = ({ daemon }: Later, id: string) => operationOf(daemon.log.world().operations, id)?.outcome
const assertFailed = (later: Later, id: string, method: string) => {
  const outcome = outcomeIn(later, id)
  if (outcome?._tag !== "failed") return assert.fail(`${id} is ${outcome?._tag}`)
  assert.include(outcome.error, {
    message: `${method} of a was open when the log was imported, and is not carried on.`,
    hint: "If it is still wanted, run it again."
  })
}

describe("an imported log", () => {
  it.effect.each(["OperationRequested", "NodeRequested", "NodeProvisioned", "RuntimeReady"] as const)(
    "that was cut during a launch, at %s, begins no machine and no job, and its cluster is gone with its machines",
    (last) =>
      imported([launch], last, endAll, (later) => {
        assert.deepStrictEqual(later.deeds(), [])
        assert.strictEqual(later.world.machines.size, 0)
        assert.isUndefined(rowIn(later))
        assertFailed(later, "l", "launch")
      })
  )
  it.effect.each([
    ["launch", [launch], "RuntimeReady"],
    ["down", [launch, down], "DownRequested"],
    ["stop", [launch, stop], "StopRequested"]
  ] as const)("that was cut during a %s keeps the machines that its cloud has", ([method, asked, last]) =>
    imported(
      asked,
      last,
      (world) => world.faults.clear(),
      (later) => {
        assertFailed(later, asked.at(-1)![0], method)
        assert.strictEqual(statusOf(rowIn(later)!), "UP")
        assert.deepStrictEqual(later.deeds(), [])
        assert.strictEqual(later.world.machines.size, 2)
      },
      ["stop", "terminate"]
    )
  )
  it.effect("that was cut before it knew its machines ends none of them", () =>
    imported(
      [launch],
      "NodeRequested",
      () => {},
      (later) => {
        assert.isUndefined(rowIn(later))
        assert.deepStrictEqual(later.deeds(), [])
        assert.strictEqual(later.world.machines.size, 2)
        endAll(later.world)
      }
    )
  )
  it.effect.each([
    ["is gone with its machines", endAll, undefined],
    ["stays stopped", () => {}, "STOPPED"],
    [
      "is gone once its silent cloud says so",
      (world: SimCloud) => {
        endAll(world)
        silentFor(3)(world)
      },
      undefined
    ],
    [
      "is up when they run again",
      (world: SimCloud) => {
        for (const machine of world.machines.values()) machine.state = "running"
      },
      "UP"
    ]
  ] as const)("a cluster that it calls STOPPED %s", ([, meanwhile, status]) =>
    imported([launch, stop], "ClusterStopped", meanwhile, (later) => {
      const row = rowIn(later)
      assert.strictEqual(row && statusOf(row), status)
      assert.deepStrictEqual(later.deeds(), [])
    })
  )
  it.effect("that was cut during a start starts nothing", () =>
    imported(
      [launch, stop, start],
      "NodeStarting",
      (world) => {
        for (const node of world.machines.keys()) world.halt(node, null)
      },
      (later) => {
        assert.deepStrictEqual(later.deeds(), [])
        assert.strictEqual(statusOf(rowIn(later)!), "STOPPED")
        assertFailed(later, "u", "start")
      }
    )
  )
})
