/** A defect of skyd itself: it is said once, nobody waits for ever, and the cluster can still be ended. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { streamOf } from "../../daemon/commands/decision.ts"
import { link, pack, unpack } from "../../daemon/log/chain.ts"
import { keysOf } from "../../events/keys.ts"
import type { Recorded } from "../../events/Recorded.ts"
import { conditionOf, statusOf } from "../../projections/cluster-status.ts"
import { rowNamed } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import { boot } from "./SimDaemon.ts"
import { factsOf, scene } from "./scene.ts"
import { settle, started } from "./world.ts"

const launch = { clusterName: "a", task: { run: "1 0" } }
const named = { clusterName: "a" }
const saidOf = (disk: Parameters<typeof factsOf>[0]) => factsOf(disk).filter(({ _tag }) => _tag === "ReactorFailed")

describe("a defect of skyd", () => {
  it.effect("in a step is one fact however often it is tried, fails the launch with what to do, and stays the cluster's reason", () =>
    scene(({ ask, disk, outcome, row, world }) =>
      Effect.gen(function* () {
        world.at = (point) => (point === "cloud.installAgent:before" ? Effect.die(new Error("boom")) : Effect.void)
        yield* ask("l", "launch", launch)
        assert.deepNestedInclude(outcome("l"), {
          _tag: "failed",
          "error.tag": "InternalError",
          "error.message": "a: skyd itself failed at installing the runtime: boom"
        })
        assert.include(JSON.stringify(outcome("l")), "sky down a")
        const said = "nobody works on it any more: its launch ended before the agent on the head answered"
        const ways = "To end it: sky down a; to go on: sky launch or sky start a"
        assert.strictEqual(conditionOf(row()!).reason, `${said} (skyd itself failed at installing the runtime: boom). ${ways}`)
        assert.strictEqual(saidOf(disk).length, 1)
        world.at = () => Effect.void
        yield* ask("s", "start", named)
        assert.strictEqual(statusOf(row()!), "UP")
      })
    )
  )
  it.effect("in the plan ends what the plan cannot be made for, and the cluster goes on", () =>
    scene(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        const stream = streamOf(row()!.id)
        yield* daemon.kill
        // No daemon of today takes such facts: they are of one that did.
        const caller = { digest: "d", program: null, pid: null, argv: [], user: null }
        const requested = { _tag: "OperationRequested", requestId: "odd", method: "exec", clusterName: "a", ...caller }
        const odd = { _tag: "ExecRequested", task: null, down: false, lastUse: "" }
        for (const event of [requested, odd]) {
          const last = disk.at(-1)!
          const actor = { kind: "user", uid: 1, host: "sim" }
          const record = { seq: last.seq + 1, atMs: 1, stream, operation: "odd", causedBy: 0, actor, event }
          const json = Buffer.from(JSON.stringify(record))
          const value = pack(link(unpack(last.value)!.hash, json), json)
          disk.push({ seq: record.seq, value, keys: keysOf(record as unknown as Recorded), freed: [] })
        }
        const next = (yield* Effect.orDie(started(boot(disk, world))))!
        yield* settle(next, 8)
        const send = (id: string) =>
          Effect.forkDetach(next.send("exec", id, { ...named, task: { run: "1 0" } }), { startImmediately: true }).pipe(
            Effect.andThen(settle(next, 8))
          )
        const outcome = (id: string) => operationOf(next.log.world().operations, id)?.outcome
        yield* send("e")
        assert.deepNestedInclude(outcome("odd"), { _tag: "failed", "error.tag": "InternalError" })
        assert.strictEqual(saidOf(disk).length, 1)
        yield* send("again")
        assert.deepInclude(outcome("again"), { _tag: "succeeded" })
        assert.strictEqual(statusOf(rowNamed(next.log.world().clusters, "a")!), "UP")
        yield* next.kill
      })
    )
  )
})
