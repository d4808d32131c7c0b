/** A cloud that keeps who waits for a cluster without a word: what is waited for is said once that takes longer than a moment. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { whoseTheyAre } from "../clouds/Looking.ts"
import { Ongoing } from "../requests/Ongoing.ts"

/** Most answer before that. */
export const momentMs = 2_000

/** As what is said of a wait goes on: `for AWS to say whose the credentials are`. */
const forItsWord = (cloud: string) => `for ${cloudDisplay(cloud)} to say ${whoseTheyAre}`

export const tellingOwner = <A, E>(row: ClusterRow, { name }: Pick<Cloud, "name">, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const ongoing = yield* Ongoing
    const sinceMs = Math.trunc(yield* Clock.currentTimeMillis)
    const waiters = workOf(row).slice(0, 1)
    const tell = Effect.sync(() => {
      for (const { id } of waiters) ongoing.say(id, { phase: "queued", detail: forItsWord(name), sinceMs })
    })
    // What it goes on with has words of its own, or none.
    const over = Effect.sync(() => {
      for (const { id } of waiters) if (ongoing.last(id)?.phase === "queued") ongoing.over(id)
    })
    const telling = Effect.sleep(momentMs).pipe(Effect.andThen(tell), Effect.andThen(Effect.never))
    return yield* Effect.ensuring(Effect.raceFirst(call, telling), over)
  })
