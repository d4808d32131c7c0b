/**
 * Asks clouds what became of clusters. Who waits is told for what, and does not wait for ever: of a look that has begun, what is not said
 * in time goes into the log when it is. A cloud that hangs keeps no other waiting.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ClusterId } from "../../events/ids.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { cloudDisplay } from "../../task/clouds.ts"
import { Looking, whatBecame } from "../clouds/Looking.ts"
import type { Observed } from "../reactors/observe.ts"

/** Of a cloud's clusters: one that lists many machines at a time is asked once for those that are looked at together. */
const looksAtOnce = 256
/** A look at a machine of the user's own that does not answer takes nearly as long. */
export const refreshMaxMs = 20_000
/** Before anything is said. */
const quietMs = 2_000

type Named = Pick<ClusterRow, "id" | "name" | "offer">
export interface Refreshed {
  readonly seen: ReadonlySet<string>
  readonly unseen: ReadonlyMap<string, string>
}
const cloudOf = ({ offer }: Named) => cloudDisplay(offer?.cloud ?? "its cloud")

const inWords = (open: ReadonlyArray<readonly [Named, string]>): string =>
  [...Map.groupBy(open, ([row, what]) => `${cloudOf(row)} has not said yet ${what}`)]
    .map(([said, those]) => `${said}: ${those.map(([{ name }]) => name).join(", ")}`)
    .join("; ")

/** Which clusters were seen, and why others were not, where there was anything to see. `tell`: what is waited for, when that changes. */
export const refresh = Effect.fn("refresh")(function* (
  rows: ReadonlyArray<Named>,
  observe: (cluster: ClusterId) => Effect.Effect<Observed>,
  tell: (waiting: string) => Effect.Effect<void>
) {
  const open = new Map<Named, string>(rows.map((row) => [row, whatBecame]))
  const unseen = new Map<string, string>()
  const seen = new Set<string>()
  const begun = new Set<Named>()
  const look = Effect.fnUntraced(function* (row: Named) {
    begun.add(row)
    const waits = (what: string) => void (open.has(row) && open.set(row, what))
    // What it learns is recorded, whoever still waits for it.
    const { wasAsked, whys } = yield* Fiber.join(yield* Effect.forkDetach(Effect.provideService(observe(row.id), Looking, waits)))
    open.delete(row)
    if (wasAsked && whys.length === 0) seen.add(row.id)
    if (whys.length > 0) unseen.set(row.id, whys.join("; "))
  })
  const byCloud = [...Map.groupBy(rows, ({ offer }) => offer?.cloud).values()]
  const looks = Effect.forEach(byCloud, (those) => Effect.forEach(those, look, { concurrency: looksAtOnce, discard: true }), {
    concurrency: "unbounded",
    discard: true
  })
  const telling = Effect.gen(function* () {
    for (let last = ""; ; ) {
      yield* Effect.sleep(quietMs)
      const now = inWords([...open].filter(([row]) => begun.has(row)))
      if (now !== last && now !== "") yield* tell(now)
      last = now
    }
  })
  yield* Effect.raceFirst(looks, telling).pipe(Effect.timeoutOption(refreshMaxMs))
  for (const [row, what] of open) {
    const within = `within ${refreshMaxMs / 1000} s`
    const why = begun.has(row) ? `has not said ${within} ${what}` : `was not asked ${within}: it is still asked of others`
    unseen.set(row.id, `${cloudOf(row)} ${why}`)
  }
  return { seen, unseen }
})
