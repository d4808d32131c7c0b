/** Who waits for a cluster is told what its cloud has not said, once that takes longer than a moment; `status` says it as well. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { clusterView } from "../../daemon/queries/cluster-view.ts"
import { tellingOwner } from "../../daemon/reactors/kept-waiting.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import { cluster, operation, requested, rowAfter, up, worldOf } from "../fakes/facts.ts"

const facts = [...up(), requested("down"), [{ _tag: "DownRequested", cluster, purge: false, lastUse: "" }, "r-down"] as const]
const row = rowAfter(facts)!

it.effect("is told after two seconds, with how long that is in its status, and not any more once it has answered", () =>
  Effect.gen(function* () {
    const ongoing = yield* Ongoing
    const told: Array<string> = []
    ongoing.follow(operation("r-down"), ({ detail, phase }) => void told.push(`${phase} ${detail}`))
    yield* Effect.forkChild(tellingOwner(row, { name: "aws" }, Effect.sleep("1 minute")))
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(told, [])
    yield* TestClock.adjust("4 seconds")
    assert.deepStrictEqual(told, ["queued for AWS to say whose the credentials are"])
    const view = () => clusterView(row, worldOf(facts).jobs, 5_000, ongoing.last(operation("r-down"))).reason
    assert.strictEqual(view(), "waits for AWS to say whose the credentials are, 5 s")
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(view(), "being torn down")
  })
)
