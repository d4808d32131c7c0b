/** One request, from its frame to its last reply. Commands become operations and are followed to their end; queries are answered. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { InternalError, recordError, type SkydError, ValueError } from "../../sdk/protocol/errors.ts"
import { type CommandName, commands, type MethodName, methods, type QueryName } from "../../sdk/protocol/methods.ts"
import type { Request } from "../../sdk/protocol/Wire.ts"
import { didYouMean } from "../../task/near.ts"
import { explainUnwritable } from "../home/home.ts"
import { Identity } from "../life/Identity.ts"
import { EventLog } from "../log/EventLog.ts"
import { Queries } from "../queries/Queries.ts"
import { Operations } from "./Operations.ts"
import type { Reply } from "./Reply.ts"

export class Requests extends Context.Service<Requests, { readonly handle: (request: Request, reply: Reply) => Effect.Effect<void> }>()(
  "skyd/daemon/requests/Requests"
) {
  static readonly layer = Layer.effect(
    Requests,
    Effect.suspend(() => make)
  )
}

/** What is shown of it, and compared with those that there are. */
const unknownMaxChars = 64

const unknownMethod = (asked: string) => {
  const method = asked.slice(0, unknownMaxChars)
  const near = didYouMean(method, Object.keys(methods))
  return new ValueError({
    message: `There is no method '${method}'.${near === undefined ? "" : ` Did you mean '${near}'?`}`,
    hint: "The method 'describe' lists them all."
  })
}

const make = Effect.gen(function* () {
  const log = yield* EventLog
  const operations = yield* Operations
  const queries = yield* Queries
  const { home } = yield* Identity

  const answer = (request: Request, reply: Reply): Effect.Effect<void, SkydError> => {
    const method = request.method as MethodName
    if (!Object.hasOwn(methods, method)) return Effect.fail(unknownMethod(method))
    if (Object.hasOwn(commands, method)) return operations.run(method as CommandName, request, reply)
    return queries.answer(method as QueryName, request, reply)
  }

  return Requests.of({
    handle: (request, reply) =>
      answer(request, reply).pipe(
        Effect.catchCause((cause) => {
          if (Cause.hasInterruptsOnly(cause)) return Effect.void
          const error = Cause.squash(cause) as SkydError
          const isExpected = typeof error === "object" && error !== null && "exitCode" in error
          const expected = isExpected ? error : explainUnwritable(home, error)
          const said =
            expected ??
            new InternalError({ message: `skyd failed at ${request.method}: ${String(error)}`, hint: "sky daemon logs shows more." })
          const logged = expected
            ? Effect.void
            : Effect.logError("a request failed", Cause.pretty(cause)).pipe(Effect.annotateLogs({ method: request.method }))
          return Effect.andThen(
            logged,
            reply.send({ type: "failure", data: { id: request.id, at: log.world().at as never, error: recordError(said) } })
          )
        })
      )
  })
})
