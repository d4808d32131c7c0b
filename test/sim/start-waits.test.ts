/** A start whose machines run and do not let us in: whoever waits for them is told so, also when who asked first has left. On virtual time. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Waiting } from "../../daemon/clouds/Waiting.ts"
import { streamOf } from "../../daemon/commands/decision.ts"
import { Ongoing } from "../../daemon/requests/Ongoing.ts"
import type { OperationId } from "../../events/ids.ts"
import { scene } from "./scene.ts"
import { settle } from "./world.ts"

const named = { clusterName: "a" }

it.effect("what a start waits for is told of the next one too, when the one before it was cancelled", () =>
  scene(({ ask, daemon, row, world }) =>
    Effect.gen(function* () {
      yield* ask("l", "launch", { ...named, task: {} })
      yield* ask("s", "stop", named)
      const { node } = row()!.nodes[0]!
      const wait = Effect.flatMap(Waiting, ({ begun }) => Effect.sync(() => begun(node, "waiting for ssh", 0)))
      world.at = (point) => (point === "cloud.start:after" ? Effect.andThen(wait, Effect.never) : Effect.void)
      yield* ask("one", "start", named)
      yield* ask("two", "start", named)
      const ongoing = yield* Ongoing
      const [first, second] = row()!.operations.map(({ id }) => id)
      const saidOf = (id: OperationId | undefined) => ongoing.last(id)?.detail
      assert.deepStrictEqual([first, second].map(saidOf), ["waiting for ssh", undefined])
      yield* daemon.log
        .append({
          events: [[streamOf(row()!.id), { _tag: "OperationCancelled", reason: "cancelled on request", by: null }]],
          operation: first!,
          causedBy: 0,
          actor: { kind: "user", uid: 1, host: "here" },
          expect: []
        })
        .pipe(Effect.orDie)
      yield* settle(daemon, 8)
      assert.deepStrictEqual([first, second].map(saidOf), [undefined, "waiting for ssh"])
    })
  )
)
