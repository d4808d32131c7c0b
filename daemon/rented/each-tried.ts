/** What ends does so thing by thing: a right that is missing for one keeps none of the others. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CloudError } from "../clouds/Cloud.ts"

/** All are tried, in their order; of those that failed one is told after, rather one that may go well when it is tried again. */
export const eachTried = (deeds: ReadonlyArray<Effect.Effect<void, CloudError>>): Effect.Effect<void, CloudError> =>
  Effect.flatMap(Effect.all(deeds, { mode: "result" }), (done) => {
    const failures = done.filter(Result.isFailure).map((result) => result.failure)
    const [failure] = [...failures.filter(({ kind }) => kind === "Transient"), ...failures]
    return failure === undefined ? Effect.void : Effect.fail(failure)
  })
