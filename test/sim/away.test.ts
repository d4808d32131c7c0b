/**
 * A link that is down in the middle of a launch: waited for in time and not in tries, said to who waits, and gone on with when it is back.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import type { SimCloud } from "../fakes/SimCloud.ts"
import { scene } from "./scene.ts"
import { pass, settle } from "./world.ts"

const away = new CloudError({ kind: "Transient", code: "NoRoute", message: "no route to 10.0.0.1:22", unreached: true })
const calls = ["put", "query", "installAgent", "connectAgent", "start"] as const
const cut = (world: SimCloud) => {
  for (const call of calls) world.faults.set(call, away)
}
const launch = { clusterName: "a", task: { run: "1 0", workdir: "/work" } }

describe("a link that is down while files are sent", () => {
  it.effect("for minutes: the launch says so, and goes on by itself soon after it is back", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        cut(world)
        world.faults.delete("installAgent")
        world.faults.delete("connectAgent")
        yield* ask("l", "launch", launch)
        cut(world)
        const said: Array<string> = []
        const ongoing = yield* Ongoing
        ongoing.follow(row()!.operations[0]!.id, ({ detail }) => said.push(detail))
        yield* pass(daemon, "9 minutes")
        assert.deepInclude(outcome("l"), { _tag: "running" })
        assert.match(said.at(-1)!, /^not reached for [89] min \d+ s: no route to 10\.0\.0\.1:22; trying again$/)
        assert.deepInclude(conditionOf(row()!), { status: "INIT", reason: away.message })
        world.faults.clear()
        yield* pass(daemon, "20 seconds")
        yield* settle(daemon, 8)
        assert.deepInclude(outcome("l"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )

  it.effect("for longer than that: the launch fails, and names what broke and not what was tried last", () =>
    scene(({ ask, daemon, outcome, world }) =>
      Effect.gen(function* () {
        cut(world)
        world.faults.delete("installAgent")
        world.faults.delete("connectAgent")
        yield* ask("l", "launch", launch)
        cut(world)
        yield* pass(daemon, "12 minutes")
        yield* settle(daemon, 8)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.message": "a: syncing the workdir failed: not reached for 10 min: no route to 10.0.0.1:22"
        })
      })
    )
  )
})

describe("a machine that was made and is never reached", () => {
  it.effect("fails its launch ten minutes after it came, and is kept, with the ways on", () =>
    scene(({ ask, daemon, outcome, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("installAgent", away)
        yield* ask("l", "launch", launch)
        yield* pass(daemon, "9 minutes")
        assert.deepInclude(outcome("l"), { _tag: "running" })
        yield* pass(daemon, "90 seconds")
        yield* settle(daemon, 8)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.message": "a: installing the runtime failed: not reached for 10 min: no route to 10.0.0.1:22"
        })
        assert.match(conditionOf(row()!).reason ?? "", /^nobody works on it any more: .* To end it: sky down a/)
      })
    )
  )
})
