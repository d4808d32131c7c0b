/**
 * Whether anything is done on clusters. A daemon that came to three untimely ends within a minute leaves them alone: it answers, and
 * carries out the stops and downs that it is asked for from then on. A restart that is asked for turns all on again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import type { OperationRow } from "../../projections/operations.ts"
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import type { CommandName } from "../../sdk/protocol/methods.ts"
import { begin } from "../life/lives.ts"
import { Notices } from "../Notices.ts"

const endsMax = 3
const ending: ReadonlySet<string> = new Set<CommandName>(["stop", "down"])

export class Reactors extends Context.Service<
  Reactors,
  {
    readonly areOn: boolean
    readonly actOn: (row: ClusterRow) => boolean
    /** Refuses what would wait for a reactor that is off. `before`: what the same request has begun already. */
    readonly allow: (method: CommandName, before: OperationRow | undefined) => Effect.Effect<void, RuntimeError>
  }
>()("skyd/daemon/reactors/Reactors") {
  static readonly on = Layer.sync(Reactors, () => on)

  /** Nothing at all is done. */
  static readonly off = Layer.sync(Reactors, () => offSince(Number.POSITIVE_INFINITY))

  /** By how the last lives of the daemon ended; this one begins here, before anything is done. */
  static readonly layer = Layer.effect(
    Reactors,
    Effect.gen(function* () {
      const { ends, since } = yield* begin
      if (ends < endsMax) return on
      const notice =
        `The daemon ended ${ends} times within a minute, so it leaves all clusters alone now. What runs goes on; ` +
        "sky stop and sky down are done, and nothing else. sky daemon logs shows why it ended; sky daemon restart turns all on again."
      ;(yield* Notices).set("reactors", notice)
      yield* Effect.logError(notice)
      return offSince(since)
    })
  )
}

const on = Reactors.of({ areOn: true, actOn: () => true, allow: () => Effect.void })

const offSince = (since: number) =>
  Reactors.of({
    areOn: false,
    actOn: ({ operations }) => operations.some(({ method, seq }) => seq > since && ending.has(method)),
    allow: (method, before) => {
      const goesOn = before === undefined ? ending.has(method) : before.requestedSeq > since || before.outcome._tag !== "running"
      return goesOn
        ? Effect.void
        : Effect.fail(
            new RuntimeError({
              message: `The daemon ended again and again, so it leaves all clusters alone: ${before === undefined ? `${method} is not begun` : `this ${method} does not go on`}.`,
              hint: "sky daemon logs shows why it ended; sky daemon restart turns all on again. sky stop and sky down are done."
            })
          )
    }
  })
