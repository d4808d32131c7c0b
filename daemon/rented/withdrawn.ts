/** Images are withdrawn, and what is kept of them may be of one that was: what stands in its place by now is asked for. */
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"

interface WithdrawnOptions<Input, A> {
  readonly run: (input: Input) => Effect.Effect<A, CloudError>
  /** What is asked for by what is known by now. */
  readonly inputNow: Effect.Effect<Input, CloudError>
  readonly imageOf: (input: Input) => string | undefined
  readonly isWithdrawn: (code: string) => boolean
  readonly forget: Effect.Effect<void>
}

/** An image that is missing is looked for anew, and by who comes next as well. */
export const runWithImageNow =
  <Input, A>({ forget, imageOf, inputNow, isWithdrawn, run }: WithdrawnOptions<Input, A>) =>
  (input: Input): Effect.Effect<A, CloudError> =>
    Effect.catchIf(
      run(input),
      ({ code }) => isWithdrawn(code),
      (error) =>
        Effect.gen(function* () {
          yield* forget
          const now = yield* Effect.orElseSucceed(inputNow, () => input)
          return yield* imageOf(now) === imageOf(input) ? Effect.fail(error) : run(now)
        })
    )
