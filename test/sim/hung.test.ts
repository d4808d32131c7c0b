/** A cloud that never answers: the other clusters are served meanwhile, and the call is given up with a reason and made again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { factsOf, scene } from "./scene.ts"
import { pass, settle } from "./world.ts"

const launch = (clusterName: string) => ({ clusterName, task: { run: "1 0" } })
const hanging = (call: string) => (point: string) => (point === `cloud.${call}:before` ? Effect.never : Effect.void)
const answering = () => Effect.void

describe("a cloud call that hangs", () => {
  it.effect.each([
    ["stop", "stop"],
    ["terminate", "down"]
  ] as const)("%s: holds up no other cluster, and is given up with a reason and made again", ([call, method]) =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("a", "launch", launch("a"))
        world.at = hanging(call)
        yield* ask("ending", method, { clusterName: "a" })
        world.at = answering
        yield* ask("b", "launch", launch("b"))
        assert.strictEqual(statusOf(rowNamed(daemon.log.world().clusters, "b")!), "UP")
        yield* ask("s", "stop", { clusterName: "b" })
        yield* ask("d", "down", { clusterName: "b" })
        for (const id of ["b", "s", "d"]) assert.deepInclude(outcome(id), { _tag: "succeeded" })
        assert.deepInclude(outcome("ending"), { _tag: "running" })
        assert.strictEqual(conditionOf(row()!).phase, method)

        yield* pass(daemon, "10 minutes")
        yield* settle(daemon, 8)
        const failed = factsOf(disk).find(({ _tag }) => _tag === "ActionFailed")
        assert.deepInclude(failed, { message: `local did not answer '${call}' within 10 minutes` })
        assert.deepInclude(outcome("ending"), { _tag: "succeeded" })
      })
    )
  )
  it.effect("down-08: with purge it is waited for a minute, and a fact names what may be leaked", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch("a"))
        world.at = hanging("terminate")
        yield* ask("d", "down", { clusterName: "a", purge: true })
        yield* pass(daemon, "1 minutes")
        yield* settle(daemon, 8)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        assert.deepInclude(
          factsOf(disk).find(({ _tag }) => _tag === "NodeAbandoned"),
          { reason: "local did not answer 'terminate' within 1 minute" }
        )
      })
    )
  )
  it.effect("down-08: with purge nobody waits for what was asked for and never answered, and what is found of it is ended", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = (point) => (point === "cloud.provision:after" ? Effect.never : Effect.void)
        yield* ask("l", "launch", launch("a"))
        assert.strictEqual(world.machines.size, 1)
        yield* ask("d", "down", { clusterName: "a", purge: true })
        yield* pass(daemon, "1 minutes")
        yield* settle(daemon, 8)
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        const { token } = factsOf(disk).find(({ _tag }) => _tag === "NodeRequested") as { readonly token?: string }
        assert.deepInclude(
          factsOf(disk).find(({ _tag }) => _tag === "RequestAbandoned"),
          { token: token as never, ranks: [0], reason: "local did not answer 'provision' within 1 minute" }
        )
        yield* pass(daemon, "1 minutes")
        assert.strictEqual(world.machines.size, 0)
        assert.deepInclude(factsOf(disk).at(-1), { _tag: "NodeRefused", token: token as never })
        yield* pass(daemon, "1 minutes")
        assert.deepInclude(factsOf(disk).at(-1), { _tag: "NodeRefused" })
      })
    )
  )
  it.effect("to say whose the credentials are: a down of it is told after 20 s, with a reason, and goes on when that is said", () =>
    scene(({ ask, daemon, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.identity = ["AIDAANN", "111122223333"]
        yield* ask("l", "launch", launch("a"))
        world.takenFor = world.identity
        world.isIdentityHeld = true
        yield* ask("d", "down", { clusterName: "a" })
        yield* pass(daemon, "20 seconds")
        yield* settle(daemon, 8)
        assert.include(
          conditionOf(row()!).reason,
          "a down was asked for, and waits: Local has not said within 20 s whose the credentials are"
        )
        assert.isFalse(factsOf(disk).some(({ _tag }) => _tag === "NodeReleased"))
        world.isIdentityHeld = false
        yield* pass(daemon, "1 minutes")
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
      })
    )
  )
  it.effect("to say whose the credentials are: a command on its cluster is refused after 20 s, as one that nobody answered", () =>
    scene(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        world.identity = ["AIDAANN", "111122223333"]
        yield* ask("l", "launch", launch("a"))
        world.isIdentityHeld = true
        const before = disk.length
        const asked = yield* Effect.forkChild(daemon.send("down", "d", { clusterName: "a" }))
        yield* pass(daemon, "20 seconds")
        const answer = JSON.stringify(yield* Fiber.join(asked))
        assert.include(answer, "Who the credentials of Local are cannot be told: Local has not said within 20 s whose the credentials are.")
        assert.include(answer, `"exitCode":8`)
        assert.strictEqual(disk.length, before)
      })
    )
  )
  it.effect("in the launch of a cluster: a down of it does not wait for it", () =>
    scene(({ ask, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = hanging("installAgent")
        yield* ask("l", "launch", launch("a"))
        assert.deepInclude(outcome("l"), { _tag: "running" })
        yield* ask("d", "down", { clusterName: "a" })
        assert.deepInclude(outcome("d"), { _tag: "succeeded" })
        assert.isUndefined(row())
        assert.strictEqual(world.machines.size, 0)
      })
    )
  )
  it.effect("when the agent is called: the cluster shows why it is not UP, and comes back when it answers", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch("a"))
        world.at = hanging("connectAgent")
        const [machine] = world.machines.values()
        machine!.agent.die()
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 8)
        yield* ask("b", "launch", launch("b")).pipe(Effect.ensuring(Effect.sync(() => (world.at = answering))))
        assert.strictEqual(statusOf(row()!), "INIT")
        yield* pass(daemon, "2 minutes")
        yield* settle(daemon, 40)
        assert.strictEqual(statusOf(row()!), "UP")
        assert.strictEqual(statusOf(rowNamed(daemon.log.world().clusters, "b")!), "UP")
      })
    )
  )
  it.effect("when the agents of several nodes are called: all of them are known to be away after the time of one", () =>
    scene(({ ask, daemon, disk, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { clusterName: "a", task: { num_nodes: 3, run: "1 0" } })
        world.at = hanging("connectAgent")
        for (const { agent } of world.machines.values()) agent.die()
        for (let seconds = 0; seconds < 80; seconds += 2) yield* pass(daemon, "2 seconds")
        assert.strictEqual(factsOf(disk).filter(({ _tag }) => _tag === "RuntimeLost").length, 3)
        world.at = answering
      })
    )
  )
})
