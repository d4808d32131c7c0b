/** What runs and what has run, and the wish that one of it ends. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Result from "effect/Result"
import type { Actor } from "../../events/Recorded.ts"
import { rowOf } from "../../projections/clusters.ts"
import { operationOf } from "../../projections/operations.ts"
import { InternalError } from "../../sdk/protocol/errors.ts"
import type { Operations, OperationsCancel } from "../../sdk/protocol/queries.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { recordedCaller } from "../commands/caller.ts"
import { cancelOperation } from "../commands/cancel-operation.ts"
import type { EventLog } from "../log/EventLog.ts"
import { Ongoing } from "../requests/Ongoing.ts"
import { leftOf, operationView } from "./operation-view.ts"

export const operationAnswers = ({ decide, world }: Pick<EventLog["Service"], "decide" | "world">, daemon: Actor) => ({
  operations: ({ all }: typeof Operations.Type) =>
    Effect.gen(function* () {
      const now = world()
      const nowMs = Math.trunc(yield* Clock.currentTimeMillis)
      const ongoing = yield* Ongoing
      const rows = [...HashMap.values(now.operations.rows)].filter(({ outcome }) => all || outcome._tag === "running")
      return {
        operations: rows.sort((a, b) => b.requestedSeq - a.requestedSeq).map((row) => operationView(row, now, nowMs, ongoing.last(row.id)))
      }
    }),
  "operations.cancel": Effect.fn("operations.cancel")(function* (
    { operation: asked }: typeof OperationsCancel.Type,
    { caller = {} }: Request
  ) {
    const facts = yield* decide(({ clusters, operations }) => {
      const operation = operationOf(operations, asked)
      const row = operation?.cluster === undefined ? undefined : rowOf(clusters, operation.cluster)
      return Result.map(cancelOperation(operation, row, asked, recordedCaller(caller)), ({ events, expect }) =>
        events.length === 0 ? undefined : { events, expect, operation: null, causedBy: 0, actor: { ...daemon, kind: "user" as const } }
      )
    }).pipe(
      Effect.mapError((error) => ("exitCode" in error ? error : new InternalError({ message: error.message, hint: "Try it again." })))
    )
    const { clusters, operations } = world()
    const cluster = operationOf(operations, asked)?.cluster
    const left = cluster === undefined || facts.length === 0 ? null : leftOf(rowOf(clusters, cluster))
    return { operation: asked, cancelled: facts.length > 0, left }
  })
})
