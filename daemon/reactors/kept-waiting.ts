/** A cloud that keeps who waits for a cluster without a word: what is waited for is said once that takes longer than a moment. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { workOf } from "../../projections/cluster-status.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import type { Cloud } from "../clouds/Cloud.ts"
import { whoseTheyAre } from "../clouds/Looking.ts"
import { Ongoing } from "../requests/Ongoing.ts"

/** Most say a word before that. */
export const momentMs = 2_000
/** What is done takes longer than a word. */
const deedMs = 5_000

interface Told {
  /** As what is said of a wait goes on: `for AWS to say whose the credentials are`. */
  readonly detail: string
  readonly afterMs: number
  /** What is said by then tells more. */
  readonly yields: boolean
}

const telling = <A, E>(row: ClusterRow, { afterMs, detail, yields }: Told, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const ongoing = yield* Ongoing
    const sinceMs = Math.trunc(yield* Clock.currentTimeMillis)
    const waiter = workOf(row)[0]?.id
    const tell = Effect.sync(() => {
      if (waiter !== undefined && (!yields || ongoing.last(waiter) === undefined)) ongoing.say(waiter, { phase: "queued", detail, sinceMs })
    })
    // What it goes on with has words of its own, or none.
    const over = Effect.sync(() => {
      if (waiter !== undefined && ongoing.last(waiter)?.detail === detail) ongoing.over(waiter)
    })
    const late = Effect.sleep(afterMs).pipe(Effect.andThen(tell), Effect.andThen(Effect.never))
    return yield* Effect.ensuring(Effect.raceFirst(call, late), over)
  })

export const tellingOwner = <A, E>(row: ClusterRow, { name }: Pick<Cloud, "name">, call: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  telling(row, { detail: `for ${cloudDisplay(name)} to say ${whoseTheyAre}`, afterMs: momentMs, yields: false }, call)

/** `what`: as in `for AWS to stop its machine`. Why it failed before says more, and machines of the user's own speak for themselves. */
export const tellingDeed = <A, E>(
  row: ClusterRow,
  { name }: Pick<Cloud, "name">,
  what: string,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  row.trouble !== null || name === "local" || name === "ssh"
    ? call
    : telling(row, { detail: `for ${cloudDisplay(name)} to ${what}`, afterMs: deedMs, yields: true }, call)
