/** The end of a search that came to nothing, for who waits for it and for what it had made. */
import * as Effect from "effect/Effect"
import type { ClusterRow } from "../../../projections/ClusterRow.ts"
import { unfinishedOf } from "../../../projections/jobs.ts"
import { giveUpPlace, leaving } from "../conclude.ts"
import { clearRest } from "../end-machines.ts"
import type { Facts } from "../facts.ts"
import type { Hands } from "../raise-machines.ts"

/**
 * Who waits is told now, whatever is removed when: of what may not be removed as well, and where a cloud is not done with it, the cluster
 * stays until it is, and then goes by itself. `besides`: why others could not be asked.
 */
export const searchOver = Effect.fn("perform.searchOver")(function* (
  row: ClusterRow,
  hands: Hands,
  besides: string | null = null
): Effect.fn.Return<Facts> {
  const over = (isCleared: boolean) => giveUpPlace(row, unfinishedOf(hands.jobs, row.id), { besides, isCleared })
  // What was up is there when nobody waits for it any more.
  if (row.everUp) return over(true)
  return yield* clearRest(row, hands).pipe(
    Effect.map((left) => leaving(row, left, over(true))),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning(`${row.name}: what its search had made is not removed yet, and is tried again: ${message}`), over(false))
    )
  )
})
