/**
 * The first start over a log that was cut by damage and imported: nothing that was open in it is carried on, and the cloud's word holds.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { statusOf } from "../../projections/cluster-status.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { type Ask, assertFailed, endAll, imported, launch, rowIn } from "./import.ts"

const stop: Ask = ["s", "stop", { clusterName: "a" }]
const down: Ask = ["d", "down", { clusterName: "a" }]
const start: Ask = ["u", "start", { clusterName: "a" }]

/** For so many looks. */
const silentFor = (looks: number) => (world: SimCloud) => {
  world.faults.set("query", new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" }))
  let seen = 0
  world.at = (point) =>
    Effect.sync(() => {
      if (point === "cloud.query:before" && ++seen > looks) world.faults.delete("query")
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
