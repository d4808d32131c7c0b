/** A cluster belongs to who launched it: what another identity, or one that cannot be told, can do to it, and what happens meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { identitiesFor } from "../../daemon/requests/Deciders.ts"
import { conditionOf } from "../../projections/cluster-status.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { offer, rowAfter, up } from "../fakes/facts.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { factsOf, scene } from "./scene.ts"
import { check, pass, settle } from "./world.ts"

const ann = ["AIDAANN", "111122223333"]
const bob = ["AIDABOB", "444455556666"]
const expired = new CloudError({ kind: "Refused", code: "ExpiredToken", message: "the token has expired" })
const named = { clusterName: "a" }
const launch = { clusterName: "a", task: { run: "1 0" } }
const running = (world: SimCloud) => [...world.machines.values()].map(({ state }) => state)

/** Launched by Ann. */
const owned = (play: Parameters<typeof scene>[0]) =>
  scene((stage) =>
    Effect.gen(function* () {
      stage.world.identity = ann
      yield* stage.ask("l", "launch", launch)
      yield* play(stage)
    })
  )

const commands: ReadonlyArray<readonly [CommandName, object]> = [
  ["launch", launch],
  ["launch", { ...launch, dryrun: true }],
  ["start", { ...named, force: true }],
  ["autostop", { ...named, idleMinutes: 5 }],
  ["exec", { ...named, task: { run: "1 0" } }],
  ["stop", named],
  ["down", named],
  ["cancel", { ...named, all: true }]
]

describe("a cluster of another identity", () => {
  it.effect.each(commands)(
    "launch-41, start-15, autostop-17: a %s is ClusterOwnerIdentityMismatchError, which names both; nothing is recorded",
    ([method, params]) =>
      owned(({ daemon, disk, world }) =>
        Effect.gen(function* () {
          world.identity = bob
          const before = disk.length
          const answer = JSON.stringify(yield* daemon.send(method, "x", params))
          assert.include(answer, "ClusterOwnerIdentityMismatchError")
          assert.include(answer, "a belongs to AIDAANN, 111122223333, and the credentials of Local are those of AIDABOB, 444455556666.")
          assert.include(answer, "sky down --purge a")
          assert.strictEqual(disk.length, before)
          assert.deepStrictEqual(running(world), ["running"])
        })
      )
  )
  it.effect("is not that of another user of its account", () =>
    owned(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(row()!.owner, ann)
        world.identity = ["AIDABOB", "111122223333"]
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.deepNestedInclude(
          factsOf(disk).find(({ _tag }) => _tag === "PlaceChosen"),
          { owner: ann }
        )
      })
    )
  )
  it.effect("is not taken for gone because that one does not see its machines: it is INIT and says why", () =>
    owned(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        const [node, machine] = [...world.machines][0]!
        world.identity = bob
        world.machines.delete(node)
        machine.agent.die()
        yield* settle(daemon, 8)
        const { reason, status } = conditionOf(row()!)
        assert.strictEqual(status, "INIT")
        assert.include(reason, "belongs to AIDAANN")
        world.machines.set(node, machine)
        world.identity = ann
        yield* pass(daemon, "2 minutes")
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
      })
    )
  )
  it.effect("is not ended by a down that another identity would call done", () =>
    owned(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("terminate", new CloudError({ kind: "Transient", code: "Unavailable", message: "out to lunch" }))
        yield* ask("d", "down", named)
        world.identity = bob
        world.faults.clear()
        yield* pass(daemon, "5 minutes")
        assert.deepStrictEqual(running(world), ["running"])
        assert.include(conditionOf(row()!).reason, "belongs to AIDAANN")
        world.identity = ann
        yield* settle(daemon, 40)
        assert.isUndefined(row())
        check(daemon, world, disk)
      })
    )
  )
  it.effect("is dropped from the list by a purge, a fact names the machine that is left, and its owner's credentials end it", () =>
    owned(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.identity = bob
        yield* ask("d", "down", { ...named, purge: true })
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        assert.deepStrictEqual(running(world), ["running"])
        assert.include(JSON.stringify(factsOf(disk).find(({ _tag }) => _tag === "NodeAbandoned")), "belongs to AIDAANN")
        const isReleased = () => factsOf(disk).some(({ _tag }) => _tag === "NodeReleased")
        yield* pass(daemon, "20 minutes")
        assert.isFalse(isReleased())
        assert.deepStrictEqual(running(world), ["running"])
        world.identity = ann
        yield* pass(daemon, "20 minutes")
        assert.isTrue(isReleased())
        assert.deepStrictEqual(running(world), [])
      })
    )
  )
})

describe("a cluster whose credentials were exchanged for others, which nothing shows", () => {
  const silent = new CloudError({ kind: "Transient", code: "NoAnswer", message: "nobody answers" })
  const exchange = (world: SimCloud) => {
    world.takenFor = ann
    world.identity = bob
  }
  const putBack = (world: SimCloud) => {
    world.takenFor = undefined
    world.identity = ann
  }
  it.effect("is not gone: once its agent is silent it is INIT and says whose it is", () =>
    owned(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        const { agent } = [...world.machines.values()][0]!
        exchange(world)
        for (const call of ["installAgent", "connectAgent"]) world.faults.set(call, silent)
        agent.die()
        yield* settle(daemon, 8)
        const { reason, status } = conditionOf(row()!)
        assert.strictEqual(status, "INIT")
        assert.include(reason, "belongs to AIDAANN")
        assert.deepStrictEqual(running(world), ["running"])
        putBack(world)
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        yield* ask("d", "down", named)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
      })
    )
  )
  it.effect.each(["down", "stop"] as const)("is not called ended by a %s that did not see its machines", (method) =>
    owned(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        exchange(world)
        yield* ask("d", method, named)
        yield* pass(daemon, "1 minutes")
        assert.deepStrictEqual(running(world), ["running"])
        assert.isFalse(factsOf(disk).some(({ _tag }) => _tag === "NodeReleased" || _tag === "NodeStopped"))
        assert.strictEqual(conditionOf(row()!).status, "INIT")
        assert.include(conditionOf(row()!).reason, "belongs to AIDAANN")
        putBack(world)
        yield* settle(daemon, 40)
        assert.deepStrictEqual(running(world), method === "down" ? [] : ["stopped"])
        assert.notDeepInclude(outcome("d"), { _tag: "running" })
      })
    )
  )
  it.effect("and whose record was dropped has its machine ended when its owner's are back, and not before", () =>
    owned(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        exchange(world)
        yield* ask("d", "down", { ...named, purge: true })
        const isReleased = () => factsOf(disk).some(({ _tag }) => _tag === "NodeReleased")
        yield* pass(daemon, "20 minutes")
        assert.isFalse(isReleased())
        assert.deepStrictEqual(running(world), ["running"])
        putBack(world)
        yield* pass(daemon, "20 minutes")
        assert.isTrue(isReleased())
        assert.deepStrictEqual(running(world), [])
      })
    )
  )
})

describe("an identity that cannot be told", () => {
  it.effect("is CloudUserIdentityError for a command on a cluster that has an owner; nothing is recorded", () =>
    owned(({ daemon, disk, world }) =>
      Effect.gen(function* () {
        world.identity = expired
        const before = disk.length
        for (const [i, [method, params]] of commands.entries()) {
          const answer = JSON.stringify(yield* daemon.send(method, `x${i}`, params))
          assert.include(answer, "CloudUserIdentityError")
          assert.include(answer, "Who the credentials of Local are cannot be told: the token has expired.")
        }
        assert.strictEqual(disk.length, before)
      })
    )
  )
  it.effect("is so for the launch of a new one", () =>
    scene(({ daemon, disk, world }) =>
      Effect.gen(function* () {
        world.identity = expired
        const before = disk.length
        assert.include(JSON.stringify(yield* daemon.send("launch", "l", launch)), "CloudUserIdentityError")
        assert.strictEqual(disk.length, before)
      })
    )
  )
})

describe("a cluster without an owner", () => {
  const cloud = { name: "local", identity: Effect.die("nobody asks who the credentials are") }
  it.effect("has its cloud asked nothing", () =>
    Effect.gen(function* () {
      const input = { clouds: new Map([["local", cloud as never]]), params: { clusterName: "a" }, row: rowAfter(up()) }
      const places = { offers: [offer], reason: null }
      for (const method of ["launch", "exec", "start", "stop", "down", "autostop", "cancel"] as const)
        assert.strictEqual((yield* identitiesFor(method, { ...input, places } as never)).size, 0)
    })
  )
})
