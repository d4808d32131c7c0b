/** Things that end one by one: none of them waits for another to go well. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { eachTried } from "../../daemon/rented/each-tried.ts"

it.effect("tries all, and tells of a failure that may go well next time before one that never will", () =>
  Effect.gen(function* () {
    const done: Array<string> = []
    const goes = (name: string) => Effect.sync(() => void done.push(name))
    const fails = (kind: CloudError["kind"]) => Effect.fail(new CloudError({ kind, code: kind, message: kind }))
    const failed = yield* Effect.flip(eachTried([fails("Refused"), goes("a"), fails("Transient"), goes("b")]))
    assert.strictEqual(failed.kind, "Transient")
    assert.deepStrictEqual(done, ["a", "b"])
    assert.strictEqual((yield* Effect.flip(eachTried([goes("c"), fails("Refused")]))).kind, "Refused")
    yield* eachTried([goes("d")])
  })
)
