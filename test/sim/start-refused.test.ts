/** A place that has no room for a STOPPED cluster: it is the only one with its disks, so none other is asked. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { offer } from "../fakes/facts.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass, settle } from "./world.ts"

const noRoom = new CloudError({ kind: "Refused", code: "NoCapacity", message: "no room in us-east-1a", want: "room" })
const places = ["us-east-1a", "us-east-1b"].map((zone) => ({ ...offer, region: "us-east-1", zone }))
const named = { clusterName: "a" }
const launch = { clusterName: "a", task: { run: "1 0", num_nodes: 2 } }
const machinesOf = (world: SimCloud) => [...world.machines].map(([node, { state }]) => `${node} ${state}`)
const asked = (world: SimCloud, call: string) => world.reached.filter((point) => point === `cloud.${call}:before`).length

const stoppedOne = (play: Parameters<typeof scene>[0]) =>
  scene((stage) =>
    Effect.gen(function* () {
      stage.world.offered = places
      yield* stage.ask("l", "launch", launch)
      yield* stage.ask("s", "stop", named)
      yield* play(stage)
    })
  )

describe("the start of a STOPPED cluster that its place refuses", () => {
  it.effect("start-04, start-09: is ResourcesUnavailableError; no other place is asked, and it stays STOPPED with its disks", () =>
    stoppedOne(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const before = { machines: machinesOf(world), provisions: asked(world, "provision"), row: row()! }
        world.faults.set("start", noRoom)
        yield* ask("b", "start", named)
        assert.deepNestedInclude(outcome("b"), {
          _tag: "failed",
          "error.tag": "ResourcesUnavailableError",
          "error.fields.noFailover": true,
          "error.fields.failoverHistory": [{ tag: "NoCapacity", message: "no room in us-east-1a", place: "Local us-east-1a" }]
        })
        assert.deepInclude(conditionOf(row()!), { status: "STOPPED", reason: "it was not started: no room in us-east-1a" })
        assert.deepStrictEqual(machinesOf(world), before.machines)
        assert.strictEqual(asked(world, "provision"), before.provisions)
        assert.deepStrictEqual(row()!.offer, before.row.offer)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("start-03: comes back where it was, on the machines that it had, when there is room again", () =>
    stoppedOne(({ ask, row, world }) =>
      Effect.gen(function* () {
        const machines = [...world.machines.keys()]
        world.faults.set("start", noRoom)
        yield* ask("b", "start", named)
        world.faults.clear()
        world.offered = [places[1]!]
        yield* ask("c", "start", named)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.deepStrictEqual(row()!.offer, places[0])
        assert.deepStrictEqual([...world.machines.keys()], machines)
      })
    )
  )
  it.effect("start-09: with retryUntilUp is asked for again in the same place until it works, with pauses between", () =>
    stoppedOne(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const machines = [...world.machines.keys()]
        world.faults.set("start", noRoom)
        yield* ask("b", "start", { ...named, retryUntilUp: true })
        const { id } = row()!.operations[0]!
        const said = (yield* Ongoing).last(id)
        assert.match(said?.detail ?? "", new RegExp(`^asked again in \\d+ s; to end that: sky ops cancel ${id}$`))
        assert.deepInclude(outcome("b"), { _tag: "running" })
        assert.deepInclude(conditionOf(row()!), { status: "INIT", reason: "refused, to be asked again: no room in us-east-1a" })
        // Two nodes are asked for in each round; the third has room.
        for (let i = 0; i < 60 && asked(world, "start") < 4; i++) yield* pass(daemon, "2 seconds")
        assert.strictEqual(asked(world, "start"), 4)
        world.faults.clear()
        yield* settle(daemon, 100)
        assert.deepInclude(outcome("b"), { _tag: "succeeded" })
        assert.strictEqual(asked(world, "start"), 6)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.deepStrictEqual([...world.machines.keys()], machines)
        check(daemon, world, disk)
      })
    )
  )
  it.effect("with retryUntilUp is over where the cloud's reason is none of room: nobody waits for what time does not mend", () =>
    stoppedOne(({ ask, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("start", new CloudError({ kind: "Refused", code: "SomethingNew", message: "it will not" }))
        yield* ask("b", "start", { ...named, retryUntilUp: true })
        assert.deepNestedInclude(outcome("b"), { _tag: "failed", "error.exitCode": 1 })
        assert.strictEqual(statusOf(row()!), "STOPPED")
      })
    )
  )
  it.effect("stops again what did start of it: nothing is paid for a cluster that is not whole", () =>
    stoppedOne(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        const [head, worker] = row()!.nodes.map(({ node }) => node as string)
        world.faults.set(`start ${worker}`, noRoom)
        yield* ask("b", "start", named)
        assert.deepNestedInclude(outcome("b"), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
        assert.include(JSON.stringify(factsOf(disk)), `"NodeStarted","cluster":"${row()!.id}","rank":0,"node":"${head}"`)
        assert.deepStrictEqual(machinesOf(world), [`${head} stopped`, `${worker} stopped`])
        assert.strictEqual(statusOf(row()!), "STOPPED")
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is so for a launch on it, too", () =>
    stoppedOne(({ ask, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("start", noRoom)
        yield* ask("b", "launch", launch)
        assert.deepNestedInclude(outcome("b"), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
        assert.strictEqual(statusOf(row()!), "STOPPED")
      })
    )
  )
  it.effect("while it waits can be cancelled by a stop, and is STOPPED", () =>
    stoppedOne(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("start", noRoom)
        yield* ask("b", "start", { ...named, retryUntilUp: true })
        yield* ask("c", "stop", named)
        assert.deepInclude(outcome("b"), { _tag: "cancelled" })
        assert.strictEqual(statusOf(row()!), "STOPPED")
        check(daemon, world, disk)
      })
    )
  )
})
