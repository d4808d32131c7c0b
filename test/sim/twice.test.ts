/** One request id sent twice at once: one operation, one answer, and the secrets of the one that was taken. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import type { SimDaemon } from "./SimDaemon.ts"
import { scene } from "./scene.ts"
import { settle } from "./world.ts"

const named = { clusterName: "a" }

/** All at once, under one id. */
const together = Effect.fn("together")(function* (daemon: SimDaemon, id: string, requests: ReadonlyArray<readonly [CommandName, object]>) {
  const fibers = yield* Effect.forEach(requests, ([method, params]) =>
    Effect.forkDetach(daemon.send(method, id, params), { startImmediately: true })
  )
  yield* settle(daemon, 8)
  return (yield* Effect.forEach(fibers, Fiber.join)) as ReadonlyArray<unknown>
})

describe("the same request, sent twice at once", () => {
  it.effect.each([
    ["cancel", { ...named, all: true }],
    ["down", named],
    ["stop", named],
    ["exec", { ...named, task: { run: "1 0" } }]
  ] as ReadonlyArray<readonly [CommandName, object]>)("is one operation, which both follow: %s", (request) =>
    scene(({ ask, daemon }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: { run: "99999 0" } })
        for (const exit of yield* together(daemon, "twice", [request, request])) {
          assert.deepNestedInclude(exit, { _tag: "Success", "value._tag": "Operation", "value.row.id": "twice" })
        }
      })
    )
  )
  it.effect("with another body is a conflict, and the one that was taken keeps its secrets", () =>
    scene(({ ask, daemon, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: {} })
        const exec = (token: string) => ["exec", { ...named, task: { run: "9 0", envs: { MY_TOKEN: token } } }] as const
        const [first, second] = yield* together(daemon, "twice", [exec("one"), exec("two")])
        assert.deepNestedInclude(first, { _tag: "Success", "value._tag": "Operation" })
        assert.include(JSON.stringify(second), "RequestConflict")
        const [machine] = world.machines.values()
        assert.deepStrictEqual(machine!.agent.jobs.get(1)!.secrets, { MY_TOKEN: "one" })
        assert.strictEqual(world.secrets.size, 0)
      })
    )
  )
  it.effect("takes nothing over from one that was refused", () =>
    scene(({ ask, daemon, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { ...named, task: {} })
        const exec = (clusterName: string, token: string) =>
          ["exec", { clusterName, task: { run: "9 0", envs: { MY_TOKEN: token } } }] as const
        const [first, second] = yield* together(daemon, "twice", [exec("nope", "one"), exec("a", "two")])
        assert.include(JSON.stringify(first), "ClusterDoesNotExist")
        assert.deepNestedInclude(second, { _tag: "Success", "value._tag": "Operation" })
        const [machine] = world.machines.values()
        assert.deepStrictEqual(machine!.agent.jobs.get(1)!.secrets, { MY_TOKEN: "two" })
      })
    )
  )
})
