/**
 * Images are withdrawn, subnets and networks replaced, and what is kept of them may be of one that was: what stands in its place is asked
 * for where there is something.
 */
import * as Effect from "effect/Effect"
import type { CloudError } from "../clouds/Cloud.ts"

interface AsOfNowOptions<Input> {
  /** What is asked for by what is known by now. */
  readonly inputNow: Effect.Effect<Input, CloudError>
  readonly isGone: (error: CloudError) => boolean
  readonly forget: Effect.Effect<void>
}

interface RunOptions<Input, A> extends AsOfNowOptions<Input> {
  readonly run: (input: Input) => Effect.Effect<A, CloudError>
  /** What of it may be gone. */
  readonly namesOf: (input: Input) => ReadonlyArray<string | undefined>
}

/** What is missing is looked for anew, and by who comes next as well. */
export const runAsOfNow =
  <Input, A>({ forget, inputNow, isGone, namesOf, run }: RunOptions<Input, A>) =>
  (input: Input): Effect.Effect<A, CloudError> =>
    Effect.catchIf(run(input), isGone, (error) =>
      Effect.gen(function* () {
        yield* forget
        const now = yield* Effect.orElseSucceed(inputNow, () => input)
        return yield* namesOf(now).join() === namesOf(input).join() ? Effect.fail(error) : run(now)
      })
    )

/** The same where something was missing before it could be asked for. */
export const inputAsOfNow = <Input>({ forget, inputNow, isGone }: AsOfNowOptions<Input>): Effect.Effect<Input, CloudError> =>
  Effect.catchIf(inputNow, isGone, () => Effect.andThen(forget, inputNow))
