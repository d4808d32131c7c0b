/** What a head says of its cluster, as it comes: the entries of its journal, by our clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { AgentLink } from "./AgentLink.ts"
import { byOurClock } from "./our-clock.ts"

/** From the entry after `last` on, as long as the link is there. */
export const followJournal = Effect.fn("followJournal")(function* (
  link: AgentLink,
  last: number,
  onEntry: (journal: unknown, entry: unknown) => void
) {
  const clock = yield* Clock.Clock
  yield* link.request("journal.follow", { after: last }, ({ data }) =>
    onEntry(data["journal"], byOurClock(data["entry"], data["sentAtMs"], clock.currentTimeMillisUnsafe()))
  )
})
