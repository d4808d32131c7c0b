/** One node of a cluster that fails, or of which nothing can be said: it holds up no other, and what is known of it is said. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import type { Event } from "../../events/Event.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { factsOf, scene } from "./scene.ts"
import { pass, settle } from "./world.ts"

const named = { clusterName: "a" }
const launch = { clusterName: "a", task: { run: "1 0", num_nodes: 2 } }
const refusal = (message: string) => new CloudError({ kind: "Refused", code: "Damaged", message })
const nodesOf = (row: ClusterRow | undefined) => row!.nodes.map(({ node }) => node as string) as [string, string]
const endsOf = (disk: Parameters<typeof factsOf>[0]) =>
  factsOf(disk).filter((event): event is Event & { readonly _tag: "NodeReleased" | "NodeStopped" | "NodeAbandoned"; reason: string } =>
    ["NodeReleased", "NodeStopped", "NodeAbandoned"].includes(event._tag)
  )

describe("a node that cannot be ended", () => {
  it.effect("does not keep the others from being torn down, and is tried again until it is gone", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head, worker] = nodesOf(row())
        world.faults.set(`terminate ${head}`, refusal("no such luck"))
        yield* ask("d", "down", named)
        assert.deepNestedInclude(outcome("d"), { _tag: "failed", "error.tag": "RuntimeError" })
        assert.deepStrictEqual([...world.machines.keys()], [head])
        assert.deepStrictEqual(
          endsOf(disk).map(({ _tag, node }) => [_tag, node as string]),
          [["NodeReleased", worker]]
        )
        assert.deepInclude(conditionOf(row()!), { status: "INIT", phase: "down", reason: "a down was asked for, and waits: no such luck" })
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 40)
        assert.isUndefined(row())
        assert.strictEqual(world.machines.size, 0)
      })
    )
  )
  it.effect("does not keep the others from being stopped", () =>
    scene(({ ask, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head, worker] = nodesOf(row())
        world.faults.set(`stop ${head}`, refusal("no such luck"))
        yield* ask("s", "stop", named)
        assert.deepStrictEqual([world.machines.get(head)?.state, world.machines.get(worker)?.state], ["running", "stopped"])
        assert.deepStrictEqual(
          row()!.nodes.map(({ state }) => state),
          ["running", "stopped"]
        )
      })
    )
  )
  it.effect("is the only one that a purge abandons, each for its own reason", () =>
    scene(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...launch, task: { run: "1 0", num_nodes: 3 } })
        const [first, second, third] = row()!.nodes.map(({ node }) => node as string)
        world.faults.set(`terminate ${first}`, refusal("the first is stuck")).set(`terminate ${second}`, refusal("the second is stuck"))
        yield* ask("d", "down", { ...named, purge: true })
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.deepStrictEqual(
          endsOf(disk).map(({ _tag, node, reason }) => [_tag, node as string, reason]),
          [
            ["NodeAbandoned", first, "the first is stuck"],
            ["NodeAbandoned", second, "the second is stuck"],
            ["NodeReleased", third, null]
          ]
        )
        assert.deepStrictEqual([...world.machines.keys()], [first, second])
      })
    )
  )
  it.effect("is called stopped by a purge, with its reason; the others stop", () =>
    scene(({ ask, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head, worker] = nodesOf(row())
        world.faults.set(`stop ${head}`, refusal("no such luck"))
        yield* ask("s", "stop", { ...named, purge: true })
        assert.strictEqual(statusOf(row()!), "STOPPED")
        assert.strictEqual(world.machines.get(worker)?.state, "stopped")
        assert.deepStrictEqual(
          endsOf(disk).map(({ reason }) => reason),
          ["not confirmed by the cloud: no such luck", null]
        )
      })
    )
  )
})

describe("a node of which nothing can be said", () => {
  const blind = refusal("node.json cannot be read")
  const play = (fault: (node: string) => string) =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head] = nodesOf(row())
        world.faults.set(fault(head), blind).set(`installAgent ${head}`, blind)
        world.machines.get(head)!.agent.die()
        yield* settle(daemon, 8)
        const lost = factsOf(disk).filter(({ _tag }) => _tag === "RuntimeLost")
        assert.strictEqual(lost.length, 1)
        assert.include(JSON.stringify(lost), "its agent went away, and what became of the node is not known: node.json cannot be read")
        assert.deepInclude(conditionOf(row()!), {
          status: "INIT",
          reason:
            "the head is not reached, and what became of its machine is not known: node.json cannot be read; it was running when last seen"
        })
        assert.include(JSON.stringify(yield* daemon.send("exec", "e", { ...named, task: { run: "1 0" } })), "ClusterNotUpError")
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        assert.deepInclude(conditionOf(row()!), { status: "UP", reason: null })
      })
    )
  it.effect("is lost when its agent is silent, and the cluster is INIT with the reason until it answers again", () =>
    play((node) => `query ${node}`)
  )
  it.effect("is so too when the cloud says nothing at all", () => play(() => "query"))
  it.effect("keeps nothing from being known of the others", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head, worker] = nodesOf(row())
        world.faults.set(`query ${head}`, blind)
        world.machines.get(worker)!.agent.die()
        world.machines.delete(worker)
        yield* settle(daemon, 8)
        assert.deepStrictEqual(
          endsOf(disk).map(({ _tag, node }) => [_tag, node as string]),
          [["NodeReleased", worker]]
        )
        assert.include(conditionOf(row()!).reason, "1 node of 2 missing")
      })
    )
  )
})

describe("a cluster that is not whole", () => {
  it.effect("status-15: is INIT with the reason when one of its nodes was terminated elsewhere, and its head runs on", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head, worker] = nodesOf(row())
        world.machines.get(worker)!.agent.die()
        world.machines.delete(worker)
        yield* settle(daemon, 8)
        assert.deepInclude(conditionOf(row()!), { status: "INIT", phase: null })
        assert.include(
          conditionOf(row()!).reason,
          "1 node of 2 missing (worker 1: it does not exist any more); bring it up again with: sky launch or sky start a"
        )
        assert.deepStrictEqual(nodesOf(row()), [head] as never)
        assert.strictEqual(world.machines.get(head)?.state, "running")
      })
    )
  )
  it.effect("status-16: is INIT with the reason when its head runs and the agent there does not answer, until it does", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const [head] = nodesOf(row())
        const silent = new CloudError({ kind: "Transient", code: "NoAnswer", message: "nobody answers on port 22" })
        world.faults.set(`installAgent ${head}`, silent)
        world.machines.get(head)!.agent.die()
        yield* settle(daemon, 8)
        assert.deepInclude(conditionOf(row()!), { status: "INIT", phase: null, reason: "nobody answers on port 22" })
        assert.strictEqual(world.machines.size, 2)
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        assert.deepInclude(conditionOf(row()!), { status: "UP", reason: null })
      })
    )
  )
})
