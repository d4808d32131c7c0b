/** The operation that a request id began, from memory or from the log. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { OperationId } from "../../events/ids.ts"
import { operationOf, operations } from "../../projections/operations.ts"
import { AuditError } from "../../sdk/protocol/errors.ts"
import type { EventLog } from "../log/EventLog.ts"

const notRead = (message: string) =>
  new AuditError({ message, hint: "sky audit verify says more; sky audit export and sky audit import make a sound log of the events." })

export const knownIn = (log: EventLog["Service"]) =>
  Effect.fn("known")(
    function* (id: OperationId) {
      const world = log.world()
      const row = operationOf(world.operations, id)
      if (row !== undefined) return row
      const seq = yield* log.requestSeq(id)
      if (seq === undefined) return undefined
      const first = yield* log.event(seq)
      const facts = first === undefined ? Stream.empty : log.readStream(first.stream, seq)
      const own = Stream.filter(facts, ({ operation }) => operation === id)
      const found = operationOf(yield* Stream.runFold(own, () => operations.empty, operations.apply), id)
      // What runs is in memory, unless it was recorded just now. A request that cannot be read is refused: it may have been carried out.
      if (found === undefined || (found.outcome._tag === "running" && seq <= world.at)) {
        return yield* notRead(`The index of the log is damaged: where it has the request ${id}, the events do not.`)
      }
      return found
    },
    Effect.mapError((error) => (error._tag === "AuditError" ? error : notRead(error.message)))
  )
