/** Whose the credentials of clouds are, as far as each says it soon: what one does not say keeps nobody from what the others do. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Clouds } from "../clouds/Clouds.ts"

type Names = ReadonlyArray<string> | null

/** By cloud; what did not say it within `waitMs`, or cannot, is left out. */
export const whoseNow = Effect.fn("whoseNow")(function* (clouds: Clouds["Service"], names: Iterable<string>, waitMs: number) {
  const asked = [...new Set(names)].flatMap((name) => clouds.get(name) ?? [])
  const said = yield* Effect.forEach(
    asked,
    ({ identity, name }) =>
      Effect.map(Effect.option(Effect.timeout(identity, waitMs)), (who) =>
        Option.toArray(Option.map(who, (found) => [name, found] as const))
      ),
    { concurrency: "unbounded" }
  )
  return new Map<string, Names>(said.flat())
})
