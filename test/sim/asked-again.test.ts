/** Who asks again for what has failed often does not wait for as long as it would be waited for by itself. On virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { scene } from "./scene.ts"
import { pass } from "./world.ts"

const forbidden = new CloudError({ kind: "Refused", code: "Forbidden", message: "you may not", scope: "cloud", anyKind: true })

describe("what could not be done for a long time", () => {
  it.effect("down-01: is done at once for who asks again when it may be done", () =>
    scene(({ ask, daemon, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", { clusterName: "a", task: { run: "1 0" } })
        world.faults.set("terminate", forbidden)
        yield* ask("d", "down", { clusterName: "a" })
        for (let minutes = 0; minutes < 10; minutes++) yield* pass(daemon, "1 minute")
        assert.isDefined(row())
        world.faults.clear()
        yield* Effect.forkDetach(daemon.send("down", "again", { clusterName: "a" }), { startImmediately: true })
        yield* pass(daemon, "2 seconds")
        assert.isUndefined(row())
      })
    )
  )
})
